import { StringDecoder } from 'node:string_decoder';

/** What a file may hold. */
export interface CsvLimits {
  /** More cells of a record are left out. */
  readonly maxCells: number;
  /** Limit for a record, with its delimiters and quotes. */
  readonly maxRecordCharacters: number;
}

/** The file is no CSV within the limits. */
export class CsvFormatError extends Error {}

const QUOTE = '"';
const QUOTE_CODE = QUOTE.charCodeAt(0);
const BYTE_ORDER_MARK = '\ufeff';

/** The place of `part` in `line` before `end`, or `end`. */
function placeOf(part: string, line: string, from: number, end: number): number {
  const at = line.indexOf(part, from);
  return at === -1 || at > end ? end : at;
}

/**
 * Reads the records of a CSV file in UTF-8 from its chunks, each byte once. Lines end with `\n` or `\r\n`, the last one also with `\r`
 * or with nothing. A quoted cell may hold delimiters, line ends and doubled quotes; a quote at another place is a character like
 * others. Empty lines are skipped.
 */
export class CsvReader {
  private readonly decoder = new StringDecoder('utf8');
  /** The beginning of a line whose end did not arrive yet. */
  private line = '';
  private cells: string[] = [];
  /** What was read of a cell with quotes. */
  private cell = '';
  /** Whether the line ended inside of a quoted cell. */
  private isQuoted = false;
  /** The characters of the record in earlier lines. */
  private characters = 0;
  private isFirstText = true;

  constructor(
    private readonly delimiter: string,
    private readonly limits: CsvLimits,
  ) {}

  /** Returns the records that end in the chunk. Throws CsvFormatError for a record above the limit. */
  read(chunk: Buffer): string[][] {
    const text = this.decode(chunk);
    const records: string[][] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const line = this.line + text.slice(from, end);
      this.line = '';
      this.readLine(line, records);
      from = end + 1;
    }
    this.line += text.slice(from);
    this.checkSize(this.line.length);
    return records;
  }

  /** Returns the record of a last line without a line end. Throws CsvFormatError inside of a quoted cell. */
  end(): string[][] {
    const records: string[][] = [];
    this.readLine(this.line + this.decoder.end(), records);
    if (this.isQuoted) throw new CsvFormatError('the file ends in a quoted cell');
    return records;
  }

  private decode(chunk: Buffer): string {
    const text = this.decoder.write(chunk);
    if (!this.isFirstText || text === '') return text;
    this.isFirstText = false;
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  }

  private checkSize(more: number): void {
    const { maxRecordCharacters } = this.limits;
    if (this.characters + more > maxRecordCharacters) throw new CsvFormatError(`a record has more than ${maxRecordCharacters} characters`);
  }

  private readLine(line: string, records: string[][]): void {
    this.checkSize(line.length);
    const end = line.endsWith('\r') ? line.length - 1 : line.length;
    if (end === 0 && !this.isQuoted) return;
    for (let at = 0; at <= end;) {
      if (this.isQuoted) at = this.readInQuotes(line, at, end);
      else if (this.cell === '' && at < end && line.charCodeAt(at) === QUOTE_CODE) at = this.openQuotes(at);
      else at = this.readPlain(line, at, end);
    }
    if (this.isQuoted) {
      this.cell += line.endsWith('\r') ? '\r\n' : '\n';
      this.characters += line.length + 1;
      return;
    }
    records.push(this.cells);
    this.cells = [];
    this.characters = 0;
  }

  private openQuotes(at: number): number {
    this.isQuoted = true;
    return at + 1;
  }

  /** Reads up to the closing quote, or to the end of the line. Returns where to go on. */
  private readInQuotes(line: string, from: number, end: number): number {
    const at = placeOf(QUOTE, line, from, end);
    this.cell += line.slice(from, at);
    if (at === end) return end + 1;
    if (line.startsWith(QUOTE, at + 1)) {
      this.cell += QUOTE;
      return at + 2;
    }
    this.isQuoted = false;
    // A quote before other text closes nothing: both quotes belong to the cell.
    if (at + 1 < end && !line.startsWith(this.delimiter, at + 1)) this.cell = QUOTE + this.cell + QUOTE;
    return at + 1;
  }

  /** Reads the rest of a cell outside of quotes, with its delimiter. Returns where to go on. */
  private readPlain(line: string, from: number, end: number): number {
    const at = placeOf(this.delimiter, line, from, end);
    if (this.cells.length < this.limits.maxCells) this.cells.push(this.cell + line.slice(from, at));
    this.cell = '';
    return at + 1;
  }
}
