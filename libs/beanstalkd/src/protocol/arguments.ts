const maxUint32 = 4_294_967_295;
const maxUint64 = 18_446_744_073_709_551_615n;
const nameCharacters = 'A-Za-z0-9\\-+/;.$_()';
const tubeName = new RegExp(`^(?!-)[${nameCharacters}]{1,200}$`);
const nameRun = new RegExp(`[${nameCharacters}]+`, 'y');
const signedNumber = /[\t-\r ]*([+-]?\d+)/y;

/** The arguments of a command line are not well-formed. The reply is BAD_FORMAT. */
export class BadFormat extends Error {}

const badFormat = new BadFormat('BAD_FORMAT');

/** Returns `text` when it is a valid tube name (protocol.txt: 1 to 200 of `A-Za-z0-9-+/;.$_()`, no leading hyphen). Throws BadFormat. */
export function parseTubeName(text: string): string {
  if (!tubeName.test(text)) throw badFormat;
  return text;
}

/**
 * Reads the arguments of a command line from left to right. Every method throws BadFormat when the next argument does not
 * fit. Numbers are read as beanstalkd 1.12 reads them: spaces before a number are skipped.
 */
export class Arguments {
  private line = '';
  private position = 0;

  /** Starts reading `line` at `position` (a character index). One object reads all lines of a session. */
  startAt(line: string, position: number): this {
    this.line = line;
    this.position = position;
    return this;
  }

  /** Reads an unsigned number below 2^32. */
  uint32(): number {
    const value = this.digits();
    if (value > maxUint32) throw badFormat;
    return value;
  }

  /** Reads a job id, below 2^64. An id above 2^53 is rounded: no job has such an id. */
  uint64(): number {
    this.skipSpaces();
    const start = this.position;
    const value = this.digits();
    if (value > Number.MAX_SAFE_INTEGER && BigInt(this.line.slice(start, this.position)) > maxUint64) throw badFormat;
    return value;
  }

  /** Reads the rest as C's `strtol` does, into an `int`: text without a number is 0, a number of more than 32 bits wraps around. */
  int32(): number {
    const digits = this.signedDigits() ?? '0';
    if (digits.length < 10) return Number(digits);
    const value = BigInt(digits);
    if (BigInt.asIntN(64, value) !== value) throw badFormat;
    return Number(BigInt.asIntN(32, value));
  }

  /** Reads the rest as C's `strtoul` does, into an `unsigned int`: a number below 0 or of more than 32 bits wraps around. */
  wrappedUint32(): number {
    const digits = this.signedDigits();
    if (digits === undefined) throw badFormat;
    const value = BigInt(digits);
    if (value > maxUint64 || -value > maxUint64) throw badFormat;
    return Number(BigInt.asUintN(32, value));
  }

  /** Reads a number of seconds below 2^32. Returns milliseconds. */
  duration(): number {
    return this.uint32() * 1000;
  }

  /** Reads the whole rest as a tube name. */
  tubeName(): string {
    return parseTubeName(this.line.slice(this.position));
  }

  /** Reads the characters up to the first one that no tube name may have. The caller checks the result with `parseTubeName`. */
  nameRun(): string {
    this.skipSpaces();
    nameRun.lastIndex = this.position;
    const name = nameRun.exec(this.line)?.[0];
    if (name === undefined) throw badFormat;
    this.position += name.length;
    return name;
  }

  /** Throws BadFormat when something follows the last argument. */
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

  /** NaN at the end of the line. */
  private digitHere(): number {
    return this.line.charCodeAt(this.position) - 0x30;
  }
}
