export * from './deadline.js';
export * from './system-clock.js';
