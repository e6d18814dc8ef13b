import type { AccountEntity } from '#database';
import {
  AccountBlockedError,
  type AccountSettings,
  requireUsableAccount,
  InvalidInputError,
  type Secret,
  ServiceError,
  parseAccountSettings,
  toStoredSettings,
} from '#domain';
import { type UnisenderList, UnisenderKeyRefusedError } from '#unisender';
import type { SyncContext } from '../context.js';
import { AccountQueries } from './account-queries.js';
import type { RunView } from '../runs/run-view.js';
import { RunActiveError, type RunService } from '../runs/run-service.js';
import type { VendorWebhooks } from './vendor-webhooks.js';
import { openUnisenderKey, unisenderKeyContext } from '../tokens/sealing.js';
import { WidgetAuthority, type WidgetUser } from './widget-authority.js';
import { type WidgetStatus, toUnconnectedStatus, toWidgetStatus } from './widget-status.js';

/** A key in printable characters; what it says is Unisender's to judge. */
const KEY = /^[\x21-\x7e]{1,255}$/;
const FAILURES_SHOWN = 10;

/** What the administrator enters. */
export interface KeyInput {
  readonly accountId: number;
  readonly unisenderKey: Secret;
  /** As the widget sends them; undefined leaves them as they are. */
  readonly settings?: unknown;
}

interface Services {
  readonly webhooks: VendorWebhooks;
  readonly runs: Pick<RunService, 'start' | 'find' | 'cancel'>;
}

/** What of the account a save changes. */
interface Change {
  readonly settings: AccountSettings;
  readonly isKeyNew: boolean;
  /** Key or settings: whoever works on the account now has to start afresh. */
  readonly isChanged: boolean;
  /** A run that is active now works with what does not hold any more, or may have missed events. */
  readonly isRunOutdated: boolean;
  /** Another Unisender account stands behind the key than before: what was told to the other is told anew. */
  readonly isElsewhere: boolean;
}

/** What the company's administrator does in the widget: enters the key, chooses settings, looks at the status. */
export class WidgetSettings {
  private readonly authority: WidgetAuthority;
  private readonly accounts: AccountQueries;

  constructor(
    private readonly context: SyncContext,
    private readonly services: Services,
  ) {
    this.authority = new WidgetAuthority(context);
    this.accounts = new AccountQueries(context);
  }

  /** Who sends this disposable token. Throws WidgetTokenRefusedError. */
  async authorize(token: string): Promise<WidgetUser> {
    return this.authority.authorize(token);
  }

  /**
   * Checks key and settings, then saves both, subscribes the webhooks and starts the import. A run that is active goes on
   * when nothing changed, and gives way to a new one otherwise.
   *
   * Nothing is saved on InvalidInputError (bad settings), AccountBlockedError (not authorised; `unisender_key_refused`) and
   * TransientError (Unisender does not answer). Webhooks that cannot be subscribed now are the watchdog's.
   */
  async saveKey({ accountId, unisenderKey, settings }: KeyInput): Promise<{ run: RunView }> {
    const { clock, stores } = this.context;
    const account = requireUsableAccount(await stores.accounts.find(accountId), { accountId, use: 'call_kommo', nowMs: clock.nowMs() });
    const wanted = parseAccountSettings(settings, account.settings);
    const lists = await this.checkKey(unisenderKey);
    const change = this.compare(account, unisenderKey, wanted, lists);
    await this.save(accountId, unisenderKey, change);
    await this.subscribe(accountId);
    return { run: await this.startImport(accountId, change) };
  }

  /** What the widget shows. An account that was never authorised is shown as such, so that the widget can offer to connect it. */
  async status(accountId: number): Promise<WidgetStatus> {
    const account = await this.context.stores.accounts.find(accountId);
    const view = await this.accounts.find(accountId);
    if (!account || !view) return toUnconnectedStatus(accountId);
    const failures = await this.accounts.failures(accountId, FAILURES_SHOWN);
    return toWidgetStatus({ account, view, failures, settings: account.settings });
  }

  private async checkKey(key: Secret): Promise<UnisenderList[]> {
    if (!KEY.test(key.reveal())) throw keyRefused('must be an API key of Unisender');
    try {
      return await this.context.unisender.getLists(key);
    } catch (error) {
      if (error instanceof UnisenderKeyRefusedError) throw keyRefused('is refused by Unisender', error);
      throw error;
    }
  }

  private compare(account: AccountEntity, key: Secret, settings: AccountSettings, lists: readonly UnisenderList[]): Change {
    const { listId, listTitle } = account;
    const isKeyNew = openUnisenderKey(this.context, account)?.matches(key.reveal()) !== true;
    const isChanged = isKeyNew || toStoredSettings(settings) !== toStoredSettings(account.settings);
    const isListThere = lists.some((list) => list.id === listId && list.title === listTitle);
    return {
      settings,
      isKeyNew,
      isChanged,
      isElsewhere: isKeyNew && listId !== null && !isListThere,
      isRunOutdated: isChanged || account.webhookState !== 'active',
    };
  }

  private async save(accountId: number, key: Secret, { settings, isKeyNew, isChanged, isElsewhere }: Change): Promise<void> {
    const { database, keyring, stores } = this.context;
    const unisenderKey = keyring.encrypt(key.reveal(), unisenderKeyContext(accountId));
    await database.transaction(async () => {
      await stores.accounts.update(accountId, { unisenderKey, unisenderBlock: null, settings });
      if (isChanged) await stores.leases.revoke(accountId);
      if (isKeyNew) await stores.accounts.update(accountId, { baselineState: 'none' });
      if (!isElsewhere) return;
      await stores.accounts.update(accountId, { listId: null, listTitle: null });
      await stores.addresses.forgetPushed(accountId);
    });
  }

  private async subscribe(accountId: number): Promise<void> {
    try {
      await this.services.webhooks.ensure(accountId);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.context.logger.warn('a webhook could not be subscribed: the watchdog will try again', { account_id: accountId, error });
    }
  }

  private async startImport(accountId: number, { isRunOutdated }: Change): Promise<RunView> {
    const start = () => this.services.runs.start({ accountId, mode: 'import', trigger: 'widget' });
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof RunActiveError)) throw error;
      const active = await this.findRunThatStays(error.runId, isRunOutdated);
      return active ?? start();
    }
  }

  /** The active run, unless it has ended meanwhile or is ended here because it works with what stood before. */
  private async findRunThatStays(runId: string, isOutdated: boolean): Promise<RunView | undefined> {
    if (!isOutdated) return this.services.runs.find(runId);
    try {
      await this.services.runs.cancel(runId);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
    }
    return undefined;
  }
}

const keyRefused = (problem: string, cause?: unknown): AccountBlockedError =>
  new AccountBlockedError(`unisender_key ${problem}`, {
    code: 'unisender_key_refused',
    fields: [{ field: 'unisender_key', problem }],
    cause,
  });
