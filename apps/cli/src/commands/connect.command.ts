import { readFileSync } from 'node:fs';
import { Config } from '#config';
import { AuthorisedAccount, InvalidInputError, Secret, TransientError } from '#domain';
import {
  type AccountDetails,
  AccountApproval,
  AccountQueries,
  AuthorizationLinks,
  Integrations,
  UnisenderKeyCheck,
  WidgetSettings,
} from '#sync';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../output/exit-code.js';
import type { CommandResult } from '../output/result.js';
import { paint, printLine } from '../output/terminal.js';
import { finishRun } from './runs.command.js';
import { type SyncSession, withSync } from './with-sync.js';

/** The form of an integration id. Another text may be a secret in the wrong place and is not kept in the audit log. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const POLL_MS = 1_000;
/** A consent link is valid for this time. */
const LINK_VALID_MS = 20 * 60_000;

/** Answers that a script gives instead of a human. */
export interface ConnectOptions {
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly redirectUri?: string;
  readonly keyFile?: string;
  readonly listId?: number;
  readonly listTitle?: string;
  readonly wait: boolean;
}

interface Scene {
  readonly context: CommandContext;
  readonly session: SyncSession;
  readonly options: ConnectOptions;
  readonly config: Config;
}

const readSecretFile = (file: string): string => readFileSync(file, 'utf8').trim();

/** Prints a step on standard error: standard output has the result only. */
const say = ({ context: { terminal } }: Scene, ...lines: readonly string[]) => {
  for (const line of lines) printLine(terminal.errors, line);
};

const title = (scene: Scene, text: string) => say(scene, '', paint(scene.context.terminal.errors, 'strong', text));

async function ensureIntegration(scene: Scene): Promise<void> {
  const { session, options, config, context } = scene;
  title(scene, 'Step 1 of 4: the integration');
  const [saved] = await session.get(Integrations).listIds();
  if (saved !== undefined && options.clientId === undefined) return say(scene, `Integration ${saved} is saved already.`);
  const redirect = options.redirectUri ?? `${config.publicUrl}/auth`;
  say(
    scene,
    'In Kommo: Settings, Integrations, Create integration. Enter there:',
    `  Redirect URI                   ${redirect}`,
    `  Access revocation hook         ${config.publicUrl}/kommo/uninstall`,
    'Allow access to everything it offers, then copy the integration id and the secret key.',
  );
  const clientId = options.clientId ?? (await context.questions.text('Integration id'));
  const { clientSecretFile } = options;
  const clientSecret = clientSecretFile ? readSecretFile(clientSecretFile) : await context.questions.secret('Secret key');
  await session.audited('integration.save', UUID.test(clientId) ? { client_id: clientId } : {}, () =>
    session.get(Integrations).save({ clientId, clientSecret, redirectUri: redirect }),
  );
  say(scene, 'The integration is saved.');
}

async function askAccountId({ context: { questions } }: Scene): Promise<number> {
  const text = await questions.text('Id of the Kommo account (in Kommo: Settings, General settings)');
  if (!/^[1-9]\d{0,14}$/.test(text.trim())) throw new InvalidInputError(`${text} is no id of a Kommo account`);
  return Number(text);
}

/** Waits until the API has received the consent. Throws TransientError after 20 minutes, and when Ctrl-C is pressed. */
async function waitForInstall({ context, session }: Scene, accountId: number): Promise<AccountDetails> {
  const interrupted = new AbortController();
  const release = context.onInterrupt(() => interrupted.abort());
  const giveUpAt = context.clock.nowMs() + LINK_VALID_MS;
  const notConnected = (why: string) => new TransientError(`${why}: run "connect ${accountId}" again`, { code: 'consent_missing' });
  try {
    for (;;) {
      const account = await session.get(AccountQueries).find(accountId);
      if (account?.attention.includes('approval_required'))
        await session.audited('account.approve', { accountId }, () => session.get(AccountApproval).approve(accountId));
      else if (account?.status === 'active') return account;
      if (context.clock.nowMs() > giveUpAt) throw notConnected('The link has expired');
      await context.clock.sleep(POLL_MS, interrupted.signal);
    }
  } catch (error) {
    throw interrupted.signal.aborted ? notConnected('Stopped before the access was allowed') : error;
  } finally {
    release();
  }
}

async function authorise(scene: Scene, accountId: number): Promise<AccountDetails> {
  const { session } = scene;
  title(scene, 'Step 2 of 4: the access to Kommo');
  const known = await session.get(AccountQueries).find(accountId);
  if (known?.status === 'active') {
    say(scene, `Account ${accountId} (${known.name}) is authorised already.`);
    return known;
  }
  const { url } = await session.get(AuthorizationLinks).create({ accountId });
  say(
    scene,
    'Open this link in a browser as an administrator of the account, and allow the access. It is valid for 20 minutes:',
    `  ${url}`,
  );
  say(scene, 'Waiting for Kommo … (Ctrl-C stops)');
  const account = await waitForInstall(scene, accountId);
  say(scene, `Account ${accountId} (${account.name}) is authorised.`);
  return account;
}

async function askKey({ context: { questions }, options: { keyFile } }: Scene, account: AccountDetails): Promise<Secret | undefined> {
  if (keyFile !== undefined) return Secret.of(readSecretFile(keyFile));
  const hint = account.unisender_key === null ? '' : ' (empty keeps the stored one)';
  const text = (await questions.secret(`Unisender API key${hint}`)).trim();
  return text === '' && account.unisender_key !== null ? undefined : Secret.of(text);
}

type ListChoice = { readonly list_id: number } | { readonly list_title: string } | undefined;

async function chooseList({ context, session, options }: Scene, account: AccountDetails, key: Secret | undefined): Promise<ListChoice> {
  const { listId, listTitle, keyFile } = options;
  if (listId !== undefined) return { list_id: listId };
  if (listTitle !== undefined) return { list_title: listTitle };
  if (key === undefined || keyFile !== undefined) return undefined;
  const lists = await session.get(UnisenderKeyCheck).readLists(key);
  return context.questions.choose<ListChoice>('Which list receives the contacts?', [
    { name: `A new list "Kommo ${account.account_id}"`, value: undefined },
    ...lists.map(({ id, title: name }) => ({ name: `${name} (${id})`, value: { list_id: id } })),
  ]);
}

async function saveKey(scene: Scene, account: AccountDetails) {
  const { session } = scene;
  title(scene, 'Step 3 of 4: the Unisender key and the list');
  const unisenderKey = await askKey(scene, account);
  const settings = await chooseList(scene, account, unisenderKey);
  const { account_id: accountId } = account;
  const input = { account: AuthorisedAccount.grant({ kind: 'operator' }, accountId), unisenderKey, ...(settings ? { settings } : {}) };
  const { run } = await session.audited('account.configure', { accountId }, () => session.get(WidgetSettings).saveKey(input));
  say(scene, 'Unisender accepts the key. Both webhooks are registered, and the import starts.');
  return run;
}

/**
 * Connects an account step by step: integration, consent, key, list, import. What is done already is skipped, so the command can be
 * repeated after any failure.
 */
export async function runConnect(context: CommandContext, named: number | undefined, options: ConnectOptions): Promise<CommandResult> {
  return withSync(context, async (session) => {
    const scene: Scene = { context, session, options, config: session.get(Config) };
    await ensureIntegration(scene);
    const account = await authorise(scene, named ?? (await askAccountId(scene)));
    const run = await saveKey(scene, account);
    title(scene, 'Step 4 of 4: the import');
    const result = await finishRun(context, session, { run, wait: options.wait });
    if (result.exitCode === exitCodes.done && options.wait)
      say(scene, 'Every contact is in Unisender. Later changes follow within seconds.');
    return result;
  });
}
