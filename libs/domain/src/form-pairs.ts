import { isUtf8 } from 'node:buffer';
import { malformedBody } from './body-limits.js';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PLUS = 0x2b;
const PERCENT = 0x25;
const SPACE = 0x20;
const FIRST_NON_ASCII = 0x80;

/** The value of each hexadecimal digit; -1 for every other byte. */
const HEX_VALUES = Int8Array.from({ length: 256 }, (_, byte) => '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()));

const toBuffer = (body: Uint8Array): Buffer => Buffer.from(body.buffer, body.byteOffset, body.byteLength);

/** Decodes a form byte by byte: each byte is read once and written at most once. */
class PairReader {
  private readonly decoded: Buffer;
  private position = 0;
  private decodedEnd = 0;

  constructor(private readonly bytes: Buffer) {
    this.decoded = Buffer.allocUnsafe(bytes.length);
  }

  hasMore(): boolean {
    return this.position < this.bytes.length;
  }

  /** Steps over `=` or `&`. Returns whether it was this one. */
  skip(separator: typeof EQUALS | typeof AMPERSAND): boolean {
    if (this.bytes[this.position] !== separator) return false;
    this.position += 1;
    return true;
  }

  /** Decodes up to the next `&`; a key also ends at `=`. Escaped bytes that are not UTF-8 become U+FFFD. */
  readText(isKey: boolean): string {
    const { bytes, decoded } = this;
    const start = this.decodedEnd;
    let end = start;
    let isAscii = true;
    let position = this.position;
    for (; position < bytes.length; position += 1) {
      let byte = bytes[position] ?? 0;
      if (byte === AMPERSAND || (isKey && byte === EQUALS)) break;
      if (byte === PERCENT) {
        byte = this.escapedByteAt(position);
        position += 2;
      } else if (byte === PLUS) byte = SPACE;
      if (byte >= FIRST_NON_ASCII) isAscii = false;
      decoded[end] = byte;
      end += 1;
    }
    this.position = position;
    this.decodedEnd = end;
    return start === end ? '' : decoded.toString(isAscii ? 'latin1' : 'utf8', start, end);
  }

  private escapedByteAt(position: number): number {
    const high = HEX_VALUES[this.bytes[position + 1] ?? 0] ?? -1;
    const low = HEX_VALUES[this.bytes[position + 2] ?? 0] ?? -1;
    if (high < 0 || low < 0) throw malformedBody('a % is not followed by two hexadecimal digits');
    return high * 16 + low;
  }
}

/**
 * Decodes an `application/x-www-form-urlencoded` text and calls `visit` for each pair with a key, in order. A key without `=` has
 * the value ''. Takes time in proportion to the length. Throws InvalidInputError `bad_body` for a broken escape and for a body that
 * is not UTF-8.
 */
export function visitFormPairs(body: Uint8Array | string, visit: (key: string, value: string) => void): void {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : toBuffer(body);
  if (!isUtf8(bytes)) throw malformedBody('it is not UTF-8');
  const reader = new PairReader(bytes);
  while (reader.hasMore()) {
    const key = reader.readText(true);
    const value = reader.skip(EQUALS) ? reader.readText(false) : '';
    reader.skip(AMPERSAND);
    if (key !== '') visit(key, value);
  }
}
