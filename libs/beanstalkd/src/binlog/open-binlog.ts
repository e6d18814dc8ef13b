import type { QueueState } from '../core/queue-state.js';
import { Binlog } from './binlog.js';
import { DirectoryLock } from './directory-lock.js';
import type { LogFilesOptions } from './log-files.js';
import { replay } from './replay.js';

export interface OpenBinlog {
  readonly binlog: Binlog;
  /** Writes and syncs what is pending and gives the directory free. */
  close(): void;
}

/**
 * Takes the directory, brings its jobs into `state` and from then on writes every change there. Throws DirectoryLockedError,
 * or another error when a file cannot be read, is of another format, or the disk has no room for a new one.
 */
export function openBinlog(options: LogFilesOptions, state: QueueState): OpenBinlog {
  const lock = DirectoryLock.acquire(options.directory);
  try {
    const binlog = new Binlog(options, replay(options.directory, state, options.onWarning));
    state.attachJournal(binlog);
    return { binlog, close: () => closeAll(binlog, lock) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function closeAll(binlog: Binlog, lock: DirectoryLock): void {
  try {
    binlog.close();
  } finally {
    lock.release();
  }
}
