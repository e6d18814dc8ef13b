export * from './keyring.js';
export * from './local-secrets.js';
export * from './random-token.js';
export * from './state-signer.js';
