const maxUint32 = 4_294_967_295;
const maxUint64 = 18_446_744_073_709_551_615n;
const nameCharacters = 'A-Za-z0-9\\-+/;.$_()';
const tubeName = new RegExp(`^(?!-)[${nameCharacters}]{1,200}$`);
const nameRun = new RegExp(`[${nameCharacters}]+`, 'y');
const signedNumber = /[\t-\r ]*([+-]?\d+)/y;

/** The line cannot be understood. Answered BAD_FORMAT. */
export class BadFormat extends Error {}

const badFormat = new BadFormat('BAD_FORMAT');

export function parseTubeName(text: string): string {
  if (!tubeName.test(text)) throw badFormat;
  return text;
}

/** Reads a command's arguments from left to right; throws BadFormat. */
export class Arguments {
  private line = '';
  private position = 0;

  /** From here on reads that line. One object serves line after line. */
  startAt(line: string, position: number): this {
    this.line = line;
    this.position = position;
    return this;
  }

  /** An unsigned number below 2^32. */
  uint32(): number {
    const value = this.digits();
    if (value > maxUint32) throw badFormat;
    return value;
  }

  /** A job id. Ids above 2^53 are rounded: no such job exists. */
  uint64(): number {
    this.skipSpaces();
    const start = this.position;
    const value = this.digits();
    if (value > Number.MAX_SAFE_INTEGER && BigInt(this.line.slice(start, this.position)) > maxUint64) throw badFormat;
    return value;
  }

  /** What C's `strtol` makes of the rest in an `int`: no number is 0, a number of more than 32 bits wraps around. */
  int32(): number {
    const digits = this.signedDigits() ?? '0';
    if (digits.length < 10) return Number(digits);
    const value = BigInt(digits);
    if (BigInt.asIntN(64, value) !== value) throw badFormat;
    return Number(BigInt.asIntN(32, value));
  }

  /** What C's `strtoul` makes of the rest in an `unsigned int`: a number below 0 or of more than 32 bits wraps around. */
  wrappedUint32(): number {
    const digits = this.signedDigits();
    if (digits === undefined) throw badFormat;
    const value = BigInt(digits);
    if (value > maxUint64 || -value > maxUint64) throw badFormat;
    return Number(BigInt.asUintN(32, value));
  }

  /** Seconds, as milliseconds. */
  duration(): number {
    return this.uint32() * 1000;
  }

  /** Everything that is left, as a tube's name. */
  tubeName(): string {
    return parseTubeName(this.line.slice(this.position));
  }

  /** The next run of name characters; whether it is a tube's name is asked later. */
  nameRun(): string {
    this.skipSpaces();
    nameRun.lastIndex = this.position;
    const name = nameRun.exec(this.line)?.[0];
    if (name === undefined) throw badFormat;
    this.position += name.length;
    return name;
  }

  end(): void {
    if (this.position < this.line.length) throw badFormat;
  }

  private signedDigits(): string | undefined {
    signedNumber.lastIndex = this.position;
    return signedNumber.exec(this.line)?.[1];
  }

  private skipSpaces(): void {
    while (this.line.charCodeAt(this.position) === 0x20) this.position += 1;
  }

  private digits(): number {
    this.skipSpaces();
    const start = this.position;
    let value = 0;
    for (let digit = this.digitHere(); digit >= 0 && digit <= 9; digit = this.digitHere()) {
      value = value * 10 + digit;
      this.position += 1;
    }
    if (this.position === start) throw badFormat;
    return value;
  }

  /** NaN behind the end of the line. */
  private digitHere(): number {
    return this.line.charCodeAt(this.position) - 0x30;
  }
}
