import type { QueueState } from '../core/queue-state.js';
import { Binlog, type BinlogOptions } from './binlog.js';
import { DirectoryLock } from './directory-lock.js';
import { replay } from './replay.js';

export interface OpenBinlog {
  readonly binlog: Binlog;
  /** Writes and syncs what is pending and gives the directory free. */
  close(): void;
}

/** Takes the directory, brings its jobs into `state` and from then on writes every change there. Throws DirectoryLockedError. */
export function openBinlog(options: BinlogOptions, state: QueueState): OpenBinlog {
  const lock = DirectoryLock.acquire(options.directory);
  try {
    const { segments, newestIndex } = replay(options.directory, state);
    const binlog = new Binlog(options, segments, newestIndex);
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
