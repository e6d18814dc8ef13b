import { isUtf8 } from 'node:buffer';
import { malformedBody } from './body-limits.js';

const PERCENT = 0x25;

/** The value of each hexadecimal digit; -1 for every other byte. */
const HEX_VALUES = Int8Array.from({ length: 256 }, (_, byte) => '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()));

/** An escaped byte that is no ASCII character. */
const NON_ASCII_ESCAPE = /%[89a-f]/i;

const brokenEscape = (cause?: unknown) => malformedBody('a % is not followed by two hexadecimal digits', cause);

/** Decodes byte by byte. Escaped bytes that are not UTF-8 become U+FFFD. */
function decodeBytes(text: string): string {
  const bytes = Buffer.from(text);
  let end = 0;
  for (let position = 0; position < bytes.length; position += 1) {
    let byte = bytes[position] ?? 0;
    if (byte === PERCENT) {
      const high = HEX_VALUES[bytes[position + 1] ?? 0] ?? -1;
      const low = HEX_VALUES[bytes[position + 2] ?? 0] ?? -1;
      if (high < 0 || low < 0) throw brokenEscape();
      byte = high * 16 + low;
      position += 2;
    }
    bytes[end] = byte;
    end += 1;
  }
  return bytes.toString('utf8', 0, end);
}

function decodeAscii(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw brokenEscape(error);
  }
}

/** Decodes a key or a value of a form. Throws InvalidInputError `bad_body` for a broken escape. */
export function decodeFormText(raw: string): string {
  const text = raw.includes('+') ? raw.replaceAll('+', ' ') : raw;
  if (!text.includes('%')) return text;
  return NON_ASCII_ESCAPE.test(text) ? decodeBytes(text) : decodeAscii(text);
}

function toText(body: Uint8Array | string): string {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!isUtf8(bytes)) throw malformedBody('it is not UTF-8');
  return bytes.toString('utf8');
}

/** An end that is not in the text is the end of the text. */
const orEnd = (position: number, { length }: string): number => (position < 0 ? length : position);

/**
 * Splits an `application/x-www-form-urlencoded` text and calls `visit` for each pair with a key, in order, with both parts as they were
 * sent. A key without `=` has the value ''. Takes time in proportion to the length. Throws InvalidInputError `bad_body` for a body that is
 * not UTF-8.
 */
export function visitFormPairs(body: Uint8Array | string, visit: (rawKey: string, rawValue: string) => void): void {
  const text = toText(body);
  let equals = -1;
  for (let start = 0; start < text.length;) {
    const end = orEnd(text.indexOf('&', start), text);
    // The next `=` may be in a later pair: it is looked for once.
    if (equals < start) equals = orEnd(text.indexOf('=', start), text);
    const keyEnd = equals < end ? equals : end;
    if (keyEnd > start) visit(text.slice(start, keyEnd), text.slice(keyEnd + 1, end));
    start = end + 1;
  }
}
