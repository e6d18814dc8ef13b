import { createHash, timingSafeEqual } from 'node:crypto';

const AUTH = /"auth"\s*:\s*"([0-9a-f]{32})"/g;
const AUTH_LENGTH = 32;
const MAX_CANDIDATES = 4;

function isSigned(text: string, auth: string, start: number, apiKey: string): boolean {
  const end = start + AUTH_LENGTH;
  const signed = text.slice(0, start) + Buffer.from(apiKey, 'utf8').toString('latin1') + text.slice(end);
  const expected = createHash('md5').update(Buffer.from(signed, 'latin1')).digest();
  return timingSafeEqual(Buffer.from(auth, 'hex'), expected);
}

/**
 * Whether Unisender signed this body: `auth` is the md5 of the raw body in which its own value is replaced by the account's
 * API key (reference/unisender.md 8.4). Bytes as they came are needed: the same JSON written anew has another sum.
 */
export function verifyHookAuth(rawBody: Buffer, apiKey: string): boolean {
  if (apiKey === '') return false;
  // One character per byte, so that places in the text are places in the body.
  const text = rawBody.toString('latin1');
  for (const [index, match] of [...text.matchAll(AUTH)].entries()) {
    const auth = match[1] ?? '';
    if (index < MAX_CANDIDATES && isSigned(text, auth, match.index + match[0].length - AUTH_LENGTH - 1, apiKey)) return true;
  }
  return false;
}
