import { type FileHandle, open } from 'node:fs/promises';
import { TransientError } from '#domain';

/**
 * A file that is brought to the disk again and again. It stays open: opening it would be two more waits for another thread, and the system
 * reports a failed write only to those that have the file open.
 */
export class SyncedFile {
  private file: Promise<FileHandle> | undefined;

  constructor(private readonly path: string) {}

  /** Opens the file. Without effect while there is none. */
  async open(): Promise<void> {
    this.file ??= open(this.path, 'r+');
    try {
      await this.file;
    } catch (error) {
      this.file = undefined;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Brings the content of the file to the disk. Throws the errors of the system; then the next call opens the file again. */
  async sync(): Promise<void> {
    try {
      this.file ??= open(this.path, 'r+');
      await (await this.file).datasync();
    } catch (error) {
      await this.close().catch(() => {});
      throw error;
    }
  }

  /** Without effect when the file is not open. */
  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await (await file)?.close();
  }
}

/**
 * Brings SQLite's log to the disk without blocking the thread: SQLite itself would wait inside the commit, and hold the write lock
 * meanwhile. The log is a sequence, so that one wait makes every commit before it durable.
 */
export class WriteAheadLog {
  private running: Promise<void> = Promise.resolve();
  /** The sync that begins after the running one. */
  private next: Promise<void> | undefined;
  private mayHaveLost = false;

  /**
   * `syncLog` brings the log to the disk. `rewrite` copies the log into the database, with its own waits for the disk, and returns
   * whether it has copied all of it.
   */
  constructor(
    private readonly syncLog: () => Promise<void>,
    private readonly rewrite: () => Promise<boolean>,
  ) {}

  /**
   * Resolves when a power failure cannot undo what was committed before the call. Calls share a sync that begins after them. Throws
   * TransientError `database_unavailable`; then a power failure may undo those commits.
   */
  async sync(): Promise<void> {
    this.next ??= this.running.then(() => {
      this.next = undefined;
      const flushed = this.flush();
      this.running = flushed.catch(() => {});
      return flushed;
    });
    return this.next;
  }

  /** Waits for every sync that was asked for. Call it when nothing commits any more. */
  async end(): Promise<void> {
    // Who has just committed asks for a sync while this one runs.
    await this.sync().catch(() => {});
    await this.next?.catch(() => {});
    await this.running;
  }

  private async flush(): Promise<void> {
    try {
      // After a failure the system takes the pages for written, although they are not: no later sync brings them to the disk.
      if (this.mayHaveLost && !(await this.rewrite())) throw new Error('another process reads the log');
      this.mayHaveLost = false;
      await this.syncLog();
    } catch (cause) {
      this.mayHaveLost = true;
      throw new TransientError('the log of the database did not reach the disk', { code: 'database_unavailable', cause });
    }
  }
}
