import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, readServiceVersion } from '#config';
import { type BackupManifest, createBackup } from '#database';
import { InvalidInputError } from '#domain';
import { readLocalKeyFiles } from '#secrets';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, count } from '../output/result.js';
import { createCopyProgress } from './copy-report.js';

const fileName = (nowMs: number) => `kommo-unisender-sync-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}.backup`;

function chooseFile({ dataDir }: Config, to: string | undefined, nowMs: number): string {
  if (to === undefined) {
    const folder = join(dataDir, 'backups');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return join(folder, fileName(nowMs));
  }
  const path = resolve(to);
  return existsSync(path) && statSync(path).isDirectory() ? join(path, fileName(nowMs)) : path;
}

const rowsOf = ({ tables }: BackupManifest, name: string) => tables.find((table) => table.name === name)?.rows ?? 0;

const describeSecrets = ({ secrets }: BackupManifest) =>
  secrets.length > 0
    ? 'It contains the encryption key. Keep it where only you can read it.'
    : 'It does not contain the encryption key. Keep ENCRYPTION_KEY elsewhere: without it the backup is useless.';

/** Copies the database and the key files of DATA_DIR into one file. The service may run. */
export async function runBackup(context: CommandContext, { to }: { readonly to?: string }): Promise<CommandResult> {
  const { clock, terminal } = context;
  const config = context.loadConfig();
  const { database: source, dataDir, localSecrets } = config;
  if (source.kind === 'sqlite' && !existsSync(source.path)) throw new InvalidInputError(`There is no database ${source.path} yet`);
  const file = chooseFile(config, to, clock.nowMs());
  const manifest = await createBackup({
    source,
    to: file,
    clock,
    version: await readServiceVersion(),
    readSecrets: () => (localSecrets.encryptionKey ? readLocalKeyFiles(dataDir) : new Map()),
    onProgress: createCopyProgress(terminal, clock),
  });
  const bytes = statSync(file).size;
  const contents = `${count(rowsOf(manifest, 'accounts'), 'account')}, ${count(rowsOf(manifest, 'contacts'), 'contact')}`;
  return {
    document: { file, bytes, ...manifest },
    toLines: () => [`Saved ${contents} in ${file} (${Math.ceil(bytes / 1_024 ** 2)} MB).`, describeSecrets(manifest)],
  };
}
