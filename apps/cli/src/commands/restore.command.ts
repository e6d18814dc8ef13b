import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config, DatabaseTarget } from '#config';
import { Database, DatabaseCopy, type OpenedBackup, openBackup, replaceSqliteDatabase } from '#database';
import { type Clock, InvalidInputError } from '#domain';
import { parseLocalKeyFiles, replaceLocalKeyFiles } from '#secrets';
import { EncryptionKeyCheck, type ReplacedTokens, Restoration, type RestorationReport, SyncModule } from '#sync';
import type { CommandContext } from '../command-context.js';
import type { CommandResult } from '../output/result.js';
import { whileStopped } from '../supervisor/data-dir-lock.js';
import { createCopyProgress } from './copy-report.js';
import { withModule } from './with-sync.js';

interface Restored extends RestorationReport {
  readonly backup: OpenedBackup;
  /** The folder with the replaced database; null when there was none. */
  readonly replacedIn: string | null;
}

const folderOf = ({ database, dataDir }: Config) => (database.kind === 'sqlite' ? dirname(database.path) : dataDir);

/** Copies the backup into a private folder on the file system of the database. */
function stage(file: string, folder: string): string {
  if (!existsSync(file) || !statSync(file).isFile()) throw new InvalidInputError(`${file} is no file`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const staged = join(folder, 'restored.sqlite');
  copyFileSync(file, staged);
  return staged;
}

/** The keys of the backup, unless ENCRYPTION_KEY is set. The present key opens the tokens of the replaced database. */
function withKeysOf(config: Config, { secrets }: OpenedBackup): Config {
  if (!config.localSecrets.encryptionKey || secrets.size === 0) return { ...config, localSecrets: {} };
  const { current, older } = parseLocalKeyFiles(secrets);
  const olderEncryptionKeys = [...older, config.encryptionKey, ...config.olderEncryptionKeys];
  return { ...config, localSecrets: {}, encryptionKey: current, olderEncryptionKeys };
}

/** Reads the tokens of the database that will be replaced. Undefined when it does not exist or is damaged. */
async function readReplacedTokens({ database: location }: Config, clock: Clock): Promise<ReplacedTokens[] | undefined> {
  if (location.kind !== 'sqlite' || !existsSync(location.path)) return undefined;
  try {
    const database = await Database.open(location, { clock });
    return await database
      .query<ReplacedTokens>(
        `SELECT account_id AS accountId, access_token AS accessToken, refresh_token AS refreshToken, expires_at AS expiresAt,
                refreshed_at AS refreshedAt FROM accesses`,
      )
      .finally(() => database.close());
  } catch {
    // A damaged database is a reason for a restore, not an obstacle.
    return undefined;
  }
}

function settle(
  { clock }: CommandContext,
  config: Config,
  {
    database,
    replaced,
    file,
  }: { readonly database: DatabaseTarget; readonly replaced: ReplacedTokens[] | undefined; readonly file: string },
): Promise<RestorationReport> {
  return withModule({ config: { ...config, database }, clock, module: SyncModule }, async (session) => {
    await session.get(EncryptionKeyCheck).run();
    return session.audited('database.restore', { file }, () => session.get(Restoration).run(replaced));
  });
}

async function checkKey({ clock }: CommandContext, config: Config, database: DatabaseTarget): Promise<void> {
  await withModule({ config: { ...config, database }, clock, module: SyncModule }, (session) => session.get(EncryptionKeyCheck).run());
}

async function copyToServer({ clock, terminal }: CommandContext, from: DatabaseTarget, to: DatabaseTarget): Promise<void> {
  const source = await Database.open(from, { clock });
  try {
    const target = await Database.open(to, { clock });
    const onProgress = createCopyProgress(terminal, clock);
    await new DatabaseCopy(source, target, { onProgress }).run().finally(() => target.close());
  } finally {
    await source.close();
  }
}

async function restore(context: CommandContext, config: Config, file: string): Promise<Restored> {
  const { clock } = context;
  const folder = join(folderOf(config), 'restoring');
  try {
    const staged: DatabaseTarget = { kind: 'sqlite', path: stage(file, folder) };
    const backup = await openBackup(staged.path, clock);
    const keyed = withKeysOf(config, backup);
    if (config.database.kind === 'mysql') {
      await checkKey(context, keyed, staged);
      await copyToServer(context, staged, config.database);
      const report = await settle(context, keyed, { database: config.database, replaced: undefined, file });
      return { ...report, backup, replacedIn: null };
    }
    const replaced = await readReplacedTokens(config, clock);
    const report = await settle(context, keyed, { database: staged, replaced, file });
    const stamp = new Date(clock.nowMs()).toISOString().replace(/[-:]|\.\d+/g, '');
    const keepIn = join(folderOf(config), `replaced-${stamp}`);
    const hadDatabase = existsSync(config.database.path);
    replaceSqliteDatabase(staged.path, config.database.path, keepIn);
    // After a kill in between, the start refuses the former key, and another run of this command replaces it.
    if (config.localSecrets.encryptionKey && backup.secrets.size > 0) replaceLocalKeyFiles(config.dataDir, backup.secrets, keepIn);
    return { ...report, backup, replacedIn: hadDatabase ? keepIn : null };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const listIds = (ids: readonly number[]) => ids.join(', ');

function describe({ publicUrl }: Config, { backup, replacedIn, taken, lost, unknown, reconciled }: Restored): string[] {
  const { manifest } = backup;
  const authorise = `open ${publicUrl}/auth?id=<account id>`;
  return [
    manifest ? `Restored the backup of ${manifest.created_at}, written by version ${manifest.version}.` : 'Restored the copy.',
    ...(replacedIn === null ? [] : [`The replaced database is in ${replacedIn}. Delete it when you do not need it any more.`]),
    ...(taken.length > 0 ? [`Newer tokens were taken from the replaced database for the accounts ${listIds(taken)}.`] : []),
    ...(lost.length > 0 ? [`These accounts must be authorised again, as their tokens were renewed after the backup: ${listIds(lost)}; ${authorise}.`] : []), // prettier-ignore
    ...(unknown.length > 0 ? [`If the service ran after the backup, these accounts must be authorised again: ${listIds(unknown)}; ${authorise}.`] : []), // prettier-ignore
    ...(reconciled.length > 0 ? ['Start the service: it compares every active account with Kommo and Unisender, and repairs the webhooks.'] : []), // prettier-ignore
  ];
}

/** Replaces the database by a backup, after every check. The service must be stopped. */
export async function runRestore(context: CommandContext, file: string): Promise<CommandResult> {
  const config = context.loadConfig();
  const startedAt = new Date(context.clock.nowMs()).toISOString();
  const restored = await whileStopped(config.dataDir, startedAt, () => restore(context, config, resolve(file)));
  const { backup, replacedIn, taken, lost, unknown, reconciled } = restored;
  return {
    document: { backup: backup.manifest ?? null, replaced_in: replacedIn, tokens: { taken, lost, unknown }, reconciled },
    toLines: () => describe(config, restored),
  };
}
