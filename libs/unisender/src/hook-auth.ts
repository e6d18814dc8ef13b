import { createHash, timingSafeEqual } from 'node:crypto';

const AUTH = /"auth"\s*:\s*"([0-9a-f]{32})"/g;
const AUTH_LENGTH = 32;
const MAX_CANDIDATES = 4;

function isSigned(rawBody: Buffer, auth: string, start: number, apiKey: string): boolean {
  const signed = createHash('md5').update(rawBody.subarray(0, start)).update(apiKey, 'utf8');
  const expected = signed.update(rawBody.subarray(start + AUTH_LENGTH)).digest();
  return timingSafeEqual(Buffer.from(auth, 'hex'), expected);
}

/**
 * Whether Unisender signed this body: `auth` is the MD5 of the raw body with the API key in place of the value of `auth`
 * (reference/unisender.md 8.4). Pass the received bytes: the same JSON, written again, has another hash.
 */
export function verifyHookAuth(rawBody: Buffer, apiKey: string): boolean {
  if (apiKey === '') return false;
  let candidates = 0;
  // latin1 keeps one character per byte: an index in the text is an index in the body.
  for (const match of rawBody.toString('latin1').matchAll(AUTH)) {
    if (isSigned(rawBody, match[1] ?? '', match.index + match[0].length - AUTH_LENGTH - 1, apiKey)) return true;
    candidates += 1;
    if (candidates === MAX_CANDIDATES) return false;
  }
  return false;
}
