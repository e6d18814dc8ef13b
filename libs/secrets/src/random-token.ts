import { randomBytes } from 'node:crypto';

/** Creates a token of `bytes` random bytes in base64url: letters, digits, `-` and `_`. */
export const randomToken = (bytes = 32): string => randomBytes(bytes).toString('base64url');
