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
 * Whether Unisender signed this body: `auth` is the MD5 of the raw body with the API key in place of the value of `auth`
 * (reference/unisender.md 8.4). Pass the received bytes: the same JSON, written again, has another hash.
 */
export function verifyHookAuth(rawBody: Buffer, apiKey: string): boolean {
  if (apiKey === '') return false;
  // latin1 keeps one character per byte: an index in the text is an index in the body.
  const text = rawBody.toString('latin1');
  for (const [index, match] of [...text.matchAll(AUTH)].entries()) {
    const auth = match[1] ?? '';
    if (index < MAX_CANDIDATES && isSigned(text, auth, match.index + match[0].length - AUTH_LENGTH - 1, apiKey)) return true;
  }
  return false;
}
