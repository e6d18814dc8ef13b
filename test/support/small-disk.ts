import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from '@jest/globals';

/** Mounts a file system of that size on the folder. Returns a function that removes it. Throws where mounting is not allowed. */
export function mountSmallDisk(folder: string, bytes: number): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' });
  return () => void execFileSync('umount', [folder], { stdio: 'ignore' });
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'));
  try {
    mountSmallDisk(folder, 65_536)();
    return true;
  } catch (error) {
    process.stderr.write(`tests on a full disk are skipped, because mounting is not allowed here: ${String(error)}\n`);
    return false;
  } finally {
    rmdirSync(folder);
  }
}

/** `it` for tests with {@link mountSmallDisk}. Where mounting is not allowed, also in CI, jest counts them as skipped. */
export const itOnSmallDisk = canMount() ? it : it.skip;
