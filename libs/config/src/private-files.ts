import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseTarget } from './targets.js';

const PRIVATE_UMASK = 0o077;
const OTHERS = 0o077;

/** Which files belong to the service. */
export interface ServiceFiles {
  readonly dataDir: string;
  readonly database: DatabaseTarget;
  /** Undefined when no log files are written. */
  readonly logsFolderPath: string | undefined;
}

/** Takes the rights of other users away from a file, or a folder and all that is in it. A link stays as it is. */
function makePrivate(path: string, problems: string[]): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat || stat.isSymbolicLink()) return;
  try {
    if ((stat.mode & OTHERS) !== 0) chmodSync(path, stat.mode & ~OTHERS & 0o777);
    if (stat.isDirectory()) for (const name of readdirSync(path)) makePrivate(join(path, name), problems);
  } catch (error) {
    // Another process may have removed the file.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      problems.push(`${path} may be readable by other users: ${(error as Error).message}`);
  }
}

/**
 * Makes the files of the service private: those that this process and its children create (0600, folders 0700), and those that
 * exist. Returns one line for each file whose rights cannot be changed.
 */
export function keepFilesPrivate({ dataDir, database, logsFolderPath }: ServiceFiles): string[] {
  process.umask(PRIVATE_UMASK);
  const problems: string[] = [];
  const databaseFiles =
    database.kind === 'sqlite' && database.path !== ':memory:' ? ['', '-wal', '-shm'].map((end) => database.path + end) : [];
  for (const path of [dataDir, ...databaseFiles, ...(logsFolderPath === undefined ? [] : [logsFolderPath])]) makePrivate(path, problems);
  return problems;
}
