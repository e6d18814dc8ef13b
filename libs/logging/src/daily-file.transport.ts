import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import TransportStream from 'winston-transport';
import { appendToDay, deleteLogFiles } from './log-files.js';
import { findDayNumber, toDayName } from './local-time.js';

/** Where the files are and how long they are kept. */
export interface DailyFileOptions {
  readonly folder: string;
  /** A file is deleted when its day is longer ago than this. */
  readonly keepDays: number;
  /** A file of this size is followed by the next one of its day. Default: 20 MB. */
  readonly maxFileBytes?: number | undefined;
  /** A day keeps this many files, the newest. Default: 25. */
  readonly maxFilesPerDay?: number | undefined;
  /** Receives the event and its error when lines cannot be written or old files cannot be deleted. */
  readonly onError: (event: string, error: unknown) => void;
}

const MAX_FILE_BYTES = 20_000_000;
const MAX_FILES_PER_DAY = 25;
const MAX_WAITING_CHARACTERS = 8_000_000;
/** The key under which winston's formats leave the finished line. */
const LINE = Symbol.for('message');

interface FormattedRecord {
  /** Local time. */
  readonly time: string;
  readonly [LINE]: string;
}

interface Batch {
  readonly dayName: string;
  text: string;
}

const hasCode = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? '');

async function deleteDay(folder: string): Promise<void> {
  await deleteLogFiles(folder);
  try {
    await rmdir(folder);
  } catch (error) {
    // Other files may be in the folder, and another process may have deleted it.
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

/**
 * A winston transport that appends each line to `<folder>/<Y-n-j>/request.log` of its local day, the predecessor's layout, and
 * deletes the files of days that are too old. A file that is large enough is followed by `request.2.log`, and so on. No file is
 * renamed, so that several processes write to the same files.
 *
 * It opens the file again for every batch of waiting lines: a file may be moved or removed at any time, and writing continues as
 * soon as the disk allows. A line that cannot be written is lost and reported.
 */
export class DailyFileTransport extends TransportStream {
  private readonly batches: Batch[] = [];
  private waitingCharacters = 0;
  private writing: Promise<void> | undefined;
  private cleanedDayName: string | undefined;

  constructor(private readonly options: DailyFileOptions) {
    super();
  }

  /** Takes a line and returns at once; winston never waits for the disk. */
  override log(record: FormattedRecord, done: () => void): void {
    done();
    if (this.waitingCharacters > MAX_WAITING_CHARACTERS) {
      this.options.onError('log lines lost', new Error('The disk is too slow'));
      return;
    }
    this.addToBatch(toDayName(record.time), `${record[LINE]}\n`);
    this.writing ??= this.writeAll();
  }

  /** Resolves when every line so far is written or lost. */
  async flush(): Promise<void> {
    await this.writing;
  }

  private addToBatch(dayName: string, text: string): void {
    this.waitingCharacters += text.length;
    const last = this.batches.at(-1);
    if (last?.dayName === dayName) last.text += text;
    else this.batches.push({ dayName, text });
  }

  private async writeAll(): Promise<void> {
    for (let batch = this.batches.shift(); batch; batch = this.batches.shift()) {
      this.waitingCharacters -= batch.text.length;
      await this.writeBatch(batch);
      await this.deleteOldDays(batch.dayName);
    }
    this.writing = undefined;
  }

  private async writeBatch({ dayName, text }: Batch): Promise<void> {
    const { folder, maxFileBytes = MAX_FILE_BYTES, maxFilesPerDay = MAX_FILES_PER_DAY } = this.options;
    try {
      await appendToDay(join(folder, dayName), text, { maxFileBytes, maxFilesPerDay });
    } catch (error) {
      this.options.onError('log file write failed', error);
    }
  }

  /** Deletes once per day and process. */
  private async deleteOldDays(today: string): Promise<void> {
    if (today === this.cleanedDayName) return;
    this.cleanedDayName = today;
    const { folder, keepDays, onError } = this.options;
    const firstKept = (findDayNumber(today) ?? 0) - keepDays;
    try {
      const names = await readdir(folder);
      const oldNames = names.filter((name) => (findDayNumber(name) ?? firstKept) < firstKept);
      for (const name of oldNames) await deleteDay(join(folder, name));
    } catch (error) {
      onError('old log files not deleted', error);
    }
  }
}
