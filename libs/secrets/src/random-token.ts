import { randomBytes } from 'node:crypto';

/** An unguessable text of `bytes` random bytes in base64url: letters, digits, `-` and `_`. */
export const randomToken = (bytes = 32): string => randomBytes(bytes).toString('base64url');
