import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '#config';
import { type Finding, ok, problem } from './finding.js';

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';

/** Writes a file into the folder and deletes it. Throws the error of the file system. */
async function probeFolder(folder: string): Promise<void> {
  const file = join(folder, `.probe-${randomUUID()}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(file, 'probe', { flush: true, mode: 0o600 });
  } finally {
    await rm(file, { force: true });
  }
}

async function checkFolder(check: string, { folder, setting }: { readonly folder: string; readonly setting: string }): Promise<Finding> {
  try {
    await probeFolder(folder);
    return ok(check, `${setting} can be written`, folder);
  } catch (error) {
    const code = codeOf(error);
    const remedy =
      code === 'ENOSPC' ? 'Free space on this disk.' : `Let the user of the service write there, or set ${setting} to another folder.`;
    return problem(check, 'error', { subject: folder, message: `${setting} cannot be written (${code})`, remedy });
  }
}

/** Checks that the service can write into DATA_DIR and into the folder of its logs. Never throws. */
export async function checkFolders({ dataDir, logsFolderPath }: Pick<Config, 'dataDir' | 'logsFolderPath'>): Promise<Finding[]> {
  const logs = logsFolderPath === undefined ? [] : [checkFolder('log_folder', { folder: logsFolderPath, setting: 'LOGS_FOLDER_PATH' })];
  return Promise.all([checkFolder('data_dir', { folder: dataDir, setting: 'DATA_DIR' }), ...logs]);
}
