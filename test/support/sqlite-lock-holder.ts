import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = `
  import BetterSqlite3 from 'better-sqlite3';
  const file = new BetterSqlite3(process.argv[1]);
  file.exec('BEGIN IMMEDIATE');
  process.stdout.write('held');
  process.stdin.on('end', () => file.close()).resume();
`;

/** Starts a process that holds the write lock of an SQLite file, and waits until it has it. Returns how to end it. */
export async function holdSqliteLock(path: string): Promise<() => Promise<void>> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const args = ['--input-type=module', '--eval', PROGRAM, path];
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await exited;
  };
}
