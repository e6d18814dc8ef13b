import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toDayName } from './local-time.js';

const FILE_NAME = 'request.log';
const MAX_WAITING_CHARACTERS = 8_000_000;

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function append(path: string, text: string): Promise<void> {
  try {
    await appendFile(path, text);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, text);
  }
}

interface Batch {
  readonly path: string;
  text: string;
}

/**
 * Appends to `<folder>/<Y-n-j>/request.log`, the day being that of each line. The file is opened anew for every batch of
 * waiting lines, so it may be moved or removed at any time. A line that cannot be written is given up and `onError` told.
 */
export class DailyFile {
  private readonly folder: string;
  private readonly onError: (error: unknown) => void;
  private readonly batches: Batch[] = [];
  private waitingCharacters = 0;
  private writing: Promise<void> | undefined;

  constructor(folder: string, onError: (error: unknown) => void) {
    this.folder = folder;
    this.onError = onError;
  }

  /** Takes a line for the day of `timeMs`; returns at once. */
  write(line: string, timeMs: number): void {
    if (this.waitingCharacters > MAX_WAITING_CHARACTERS) return this.onError(new Error('The disk is too slow: log lines are lost'));
    this.add(join(this.folder, toDayName(timeMs), FILE_NAME), `${line}\n`);
    this.writing ??= this.writeAll();
  }

  /** Resolves when everything given so far is written or given up. */
  async flush(): Promise<void> {
    await this.writing;
  }

  private add(path: string, text: string): void {
    this.waitingCharacters += text.length;
    const last = this.batches.at(-1);
    if (last?.path === path) last.text += text;
    else this.batches.push({ path, text });
  }

  private async writeAll(): Promise<void> {
    for (let batch = this.batches.shift(); batch; batch = this.batches.shift()) {
      this.waitingCharacters -= batch.text.length;
      try {
        await append(batch.path, batch.text);
      } catch (error) {
        this.onError(error);
      }
    }
    this.writing = undefined;
  }
}
