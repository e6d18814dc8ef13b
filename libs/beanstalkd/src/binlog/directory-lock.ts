import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** Another living process keeps its log in that directory. */
export class DirectoryLockedError extends Error {}

/**
 * Keeps two servers from writing the same log. The lock is a file with the owner's process id and start time; one that a
 * killed process left behind is taken over. Node cannot take beanstalkd's own advisory lock, but sees one that is held.
 */
export class DirectoryLock {
  private constructor(private readonly path: string) {}

  static acquire(directory: string): DirectoryLock {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    refuseWhileBeanstalkdRuns(directory);
    const path = join(directory, 'owner');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (claim(directory, path)) return new DirectoryLock(path);
      removeIfStale(directory, path);
    }
    throw new DirectoryLockedError(`${directory} is in use`);
  }

  release(): void {
    unlinkSync(this.path);
  }
}

/** Linking a finished file is atomic: nobody ever reads half an owner. */
function claim(directory: string, path: string): boolean {
  const draft = join(directory, `owner.${randomUUID()}`);
  writeFileSync(draft, identityOf(process.pid) ?? String(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch {
    return false;
  } finally {
    unlinkSync(draft);
  }
}

function removeIfStale(directory: string, path: string): void {
  const owner = readOrUndefined(path);
  if (owner === undefined) return;
  if (owner === identityOf(Number(owner.split(' ')[0]))) throw new DirectoryLockedError(`${directory} is in use by process ${owner}`);
  if (readOrUndefined(path) === owner) unlinkSync(path);
}

/** Process id and, where the system tells it, start time: ids are used again. Undefined for a process that does not live. */
function identityOf(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat !== undefined) return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  try {
    process.kill(pid, 0);
    return String(pid);
  } catch {
    return undefined;
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** beanstalkd locks the file `lock` in its directory; the kernel's table names the inode of every locked file. */
function refuseWhileBeanstalkdRuns(directory: string): void {
  const inode = statSync(join(directory, 'lock'), { throwIfNoEntry: false })?.ino;
  const locks = readOrUndefined('/proc/locks');
  if (inode === undefined || locks === undefined) return;
  const isHeld = locks.split('\n').some((line) => line.includes('POSIX') && line.includes(`:${inode} `));
  if (isHeld) throw new DirectoryLockedError(`${directory} is in use by beanstalkd`);
}
