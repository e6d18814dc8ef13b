export * from './logger.js';
export { mask } from './mask.js';
export { maskText } from './mask-text.js';
