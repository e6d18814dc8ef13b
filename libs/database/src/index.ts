export * from './data-source.js';
export * from './database-errors.js';
export * from './database.js';
export * from './executor.js';
