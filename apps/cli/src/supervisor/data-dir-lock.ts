import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock, DirectoryLockedError } from '#beanstalkd';
import { InvalidInputError } from '#domain';

/** The only right to run the service on a DATA_DIR. The kernel releases it when the process ends in any way. */
export interface DataDirLock {
  /** Lets another process take the lock. */
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly started_at: string;
}

const ownerFile = (dataDir: string) => join(dataDir, 'owner.json');

function describeOwner(dataDir: string): string {
  try {
    const { pid, host, started_at } = JSON.parse(readFileSync(ownerFile(dataDir), 'utf8')) as Owner;
    return `process ${pid} on ${host}, started at ${started_at}`;
  } catch {
    return 'another process';
  }
}

/**
 * Takes the lock of `dataDir` for this process and writes its pid into `owner.json` there. `startedAt` is the present time, in ISO
 * 8601. Throws InvalidInputError `data_dir_held`, which names the process that has the lock.
 */
export function lockDataDir(dataDir: string, startedAt: string): DataDirLock {
  const lock = acquire(dataDir);
  const owner: Owner = { pid: process.pid, host: hostname(), started_at: startedAt };
  writeFileSync(ownerFile(dataDir), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  const release = () => {
    rmSync(ownerFile(dataDir), { force: true });
    lock.release();
  };
  return { release };
}

/** Runs `work` while this process holds the lock of `dataDir`: the service does not run meanwhile. Throws as {@link lockDataDir} does. */
export async function whileStopped<Result>(dataDir: string, startedAt: string, work: () => Promise<Result>): Promise<Result> {
  const lock = lockDataDir(dataDir, startedAt);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function acquire(dataDir: string): DirectoryLock {
  try {
    return DirectoryLock.acquire(dataDir);
  } catch (cause) {
    if (!(cause instanceof DirectoryLockedError)) throw cause;
    const message = `DATA_DIR ${dataDir} is in use by ${describeOwner(dataDir)}: stop that process, or set another DATA_DIR`;
    throw new InvalidInputError(message, { code: 'data_dir_held', cause });
  }
}
