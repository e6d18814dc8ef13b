import type { QueueState } from '../core/queue-state.js';
import { Binlog } from './binlog.js';
import { DirectoryLock } from './directory-lock.js';
import type { LogFilesOptions } from './log-files.js';
import { replay } from './replay.js';

/** An open log and the lock on its directory. */
export interface OpenBinlog {
  readonly binlog: Binlog;
  /** Writes and syncs what is pending and releases the lock. Throws when a write fails; the lock is released anyway. */
  close(): void;
}

/**
 * Locks the log directory, restores its jobs into `state` and records every later change there. Throws DirectoryLockedError when
 * another server uses the directory; throws Error when a file cannot be read, has an unknown format, or when the disk has no
 * room for a new file.
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
