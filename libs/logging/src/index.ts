export * from './logger.js';
export { mask } from './mask.js';
export { maskEmail, maskText } from './mask-text.js';
