import { execFileSync } from 'node:child_process';

/** Mounts a file system of that size on the folder. Returns a function that removes it; undefined where mounting is not allowed. */
export function mountSmallDisk(folder: string, bytes: number): (() => void) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    process.stderr.write('mounting is not allowed here: the test with a full disk is skipped\n');
    return undefined;
  }
  return () => void execFileSync('umount', [folder], { stdio: 'ignore' });
}
