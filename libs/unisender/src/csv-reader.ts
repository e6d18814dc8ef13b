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

const QUOTE = '"'.charCodeAt(0);
const RETURN = '\r'.charCodeAt(0);
const LINE_FEED = '\n'.charCodeAt(0);
const BYTE_ORDER_MARK = '\ufeff';

/**
 * What was read of a cell: nothing; text without quotes around it; the beginning of a quoted text; the same with a quote at its end,
 * which closes it or is the first of two; a closed quoted text; the same with `\r`, which may begin a line end.
 */
type CellState = 'empty' | 'plain' | 'quoted' | 'quote' | 'closed' | 'closed-return';

/** `join` gives one flat string; the result of `replaceAll` keeps an object in memory for each replacement. */
const unescapeQuotes = (text: string): string => (text.includes('""') ? text.split('""').join('"') : text);

/**
 * Reads the records of a CSV file in UTF-8 from its chunks, each character once. A record ends with `\n`, with `\r\n`, or with the file.
 * A quoted cell may hold delimiters, line ends and doubled quotes. A quote at another place is an ordinary character. Empty lines and a
 * byte order mark are skipped.
 */
export class CsvReader {
  private readonly decoder = new StringDecoder('utf8');
  private readonly delimiter: number;
  private isBeginning = true;
  private text = '';
  private records: string[][] = [];
  /** Where the record begins in the text; negative when it began in an earlier text. */
  private recordStart = 0;
  private cells: string[] = [];
  private state: CellState = 'empty';
  /** What is complete of the cell. */
  private cell = '';
  /** Where the rest of the cell begins in the text. */
  private cellStart = 0;

  /** @param delimiter one character */
  constructor(
    delimiter: string,
    private readonly limits: CsvLimits,
  ) {
    this.delimiter = delimiter.charCodeAt(0);
  }

  /** Returns the records that end in the chunk. Throws CsvFormatError for a record above the limit. */
  read(chunk: Buffer): string[][] {
    return this.readText(this.decode(chunk));
  }

  /** Returns the record of a last line without a line end. Throws CsvFormatError inside of a quoted cell. */
  end(): string[][] {
    const records = this.readText(this.decoder.end());
    if (this.state === 'quoted') throw new CsvFormatError('the file ends in a quoted cell');
    this.endRecord(0);
    return records;
  }

  private decode(chunk: Buffer): string {
    const text = this.decoder.write(chunk);
    if (!this.isBeginning || text === '') return text;
    this.isBeginning = false;
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  }

  private readText(text: string): string[][] {
    this.text = text;
    this.records = [];
    this.cellStart = 0;
    for (let at = 0; at < text.length; at += 1) this.readCharacter(text.charCodeAt(at), at);
    this.cell += this.readCellUntil(text.length);
    this.checkSize(text.length);
    this.text = '';
    this.cellStart = 0;
    this.recordStart -= text.length;
    return this.records;
  }

  private readCharacter(code: number, at: number): void {
    if (this.state === 'quoted') {
      if (code === QUOTE) this.state = 'quote';
    } else if (this.state === 'quote') {
      if (code === QUOTE) this.state = 'quoted';
      else this.readAfterQuotes(code, at);
    } else if (this.state === 'closed-return' && code !== LINE_FEED) {
      this.keepQuotes(at, '\r');
      this.readOutsideOfQuotes(code, at);
    } else this.readOutsideOfQuotes(code, at);
  }

  private readAfterQuotes(code: number, at: number): void {
    this.cell += this.readCellUntil(at);
    this.state = code === RETURN ? 'closed-return' : 'closed';
    if (code !== RETURN) this.readOutsideOfQuotes(code, at);
  }

  private readOutsideOfQuotes(code: number, at: number): void {
    if (code === this.delimiter) this.endCell(at);
    else if (code === LINE_FEED) this.endRecord(at);
    else if (this.state === 'closed') this.keepQuotes(at, '');
    else if (this.state === 'empty') this.beginCell(code, at);
  }

  private beginCell(code: number, at: number): void {
    this.state = code === QUOTE ? 'quoted' : 'plain';
    this.cellStart = code === QUOTE ? at + 1 : at;
  }

  /** A closing quote before other text closes nothing: both quotes belong to the cell. */
  private keepQuotes(at: number, after: string): void {
    this.cell = `"${this.cell}"${after}`;
    this.state = 'plain';
    this.cellStart = at;
  }

  /** Returns the part of the cell that is in the present text. */
  private readCellUntil(end: number): string {
    if (this.state === 'plain') return this.text.slice(this.cellStart, end);
    if (this.state === 'quoted') return unescapeQuotes(this.text.slice(this.cellStart, end));
    // The quote is the last character before the end, or it was the last one of an earlier text.
    if (this.state === 'quote') return unescapeQuotes(this.text.substring(this.cellStart, end - 1));
    return '';
  }

  private endCell(at: number): void {
    this.addCell(this.cell + this.readCellUntil(at));
    this.cellStart = at + 1;
  }

  private endRecord(at: number): void {
    const isPlain = this.state === 'plain';
    const text = this.cell + this.readCellUntil(at);
    const cell = isPlain && text.endsWith('\r') ? text.slice(0, -1) : text;
    const isEmptyLine = this.cells.length === 0 && cell === '' && (isPlain || this.state === 'empty');
    this.checkSize(at);
    this.addCell(cell);
    if (!isEmptyLine) this.records.push(this.cells);
    this.cells = [];
    this.recordStart = at + 1;
  }

  private addCell(cell: string): void {
    if (this.cells.length < this.limits.maxCells) this.cells.push(cell);
    this.cell = '';
    this.state = 'empty';
  }

  private checkSize(end: number): void {
    const { maxRecordCharacters } = this.limits;
    if (end - this.recordStart > maxRecordCharacters) throw new CsvFormatError(`a record has more than ${maxRecordCharacters} characters`);
  }
}
