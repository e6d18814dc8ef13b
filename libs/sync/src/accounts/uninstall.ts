import type { AccountEntity } from '#database';
import { AccountBlockedError, InvalidInputError, errorCodeOf } from '#domain';
import { KommoUnauthorizedError, verifyUninstallSignature } from '#kommo';
import type { SyncContext } from '../context.js';
import { RunActiveError, type RunService } from '../runs/run-service.js';
import type { VendorWebhooks } from './vendor-webhooks.js';
import { findStoredSession, getClientIdentity } from '../tokens/credentials.js';

/** Kommo's "access revoked" call as it came (reference/kommo.md 3). */
export interface UninstallHook {
  readonly clientId: string;
  readonly accountId: number;
  readonly signature: string;
}

interface Services {
  readonly runs: RunService;
  readonly webhooks: VendorWebhooks;
}

const DAY_MS = 24 * 3_600_000;
/** Kommo gets so long to end what it says has ended, before it is asked. */
const SETTLE_AFTER_MS = 10 * 60_000;
const PAGE = 200;
const PURGE_ROWS = 2_000;

/** What follows when an administrator switches the integration off. */
export class Uninstall {
  constructor(
    private readonly context: SyncContext,
    private readonly services: Services,
  ) {}

  /**
   * Stops all work on the account at once; nothing is deleted yet, so that a new authorisation brings everything back.
   * Repeated calls change nothing. Throws InvalidInputError `uninstall_refused` when Kommo did not sign this, and for an
   * account or integration that is not known: who cannot sign learns nothing.
   */
  async receive(hook: UninstallHook): Promise<void> {
    const account = await this.getSigned(hook);
    const { database, stores, logger } = this.context;
    await database.transaction(async () => {
      await stores.accounts.setStatus(account.accountId, 'disconnected');
      await stores.leases.revoke(account.accountId);
    });
    const run = await stores.runs.findActive(account.accountId);
    if (run) await stores.runs.transition(run.runId, 'cancelled');
    logger.warn('Kommo says that the integration was switched off: the account is disconnected', { account_id: account.accountId });
  }

  /** Tells both vendors to report no more. What they do not take now is tried again by {@link settleAll}. */
  async unsubscribe(accountId: number): Promise<void> {
    await this.services.webhooks.remove(accountId);
  }

  /**
   * Looks after every disconnected account: takes back subscriptions that are left, asks Kommo whether its word still holds,
   * and purges what was disconnected longer ago than the grace period. One account's failure never stops the next.
   */
  async settleAll(): Promise<void> {
    let after = 0;
    for (;;) {
      const accounts = await this.context.stores.accounts.list({ status: 'disconnected', after, limit: PAGE });
      for (const account of accounts) await this.trySettle(account);
      after = accounts.at(-1)?.accountId ?? after;
      if (accounts.length < PAGE) return;
    }
  }

  private async getSigned({ clientId, accountId, signature }: UninstallHook): Promise<AccountEntity> {
    const account = await this.context.stores.accounts.find(accountId);
    if (account?.clientId !== clientId) throw refused();
    const { clientSecret } = await getClientIdentity(this.context, clientId);
    if (!verifyUninstallSignature({ clientId, accountId, signature, clientSecret })) throw refused();
    return account;
  }

  private async trySettle(account: AccountEntity): Promise<void> {
    try {
      await this.settle(account);
    } catch (error) {
      const code = errorCodeOf(error);
      this.context.logger.warn('a disconnected account could not be looked after', { account_id: account.accountId, code, error });
    }
  }

  private async settle(account: AccountEntity): Promise<void> {
    const { clock, config } = this.context;
    const sinceMs = clock.nowMs() - (account.disconnectedAt ?? account.updatedAt);
    if (account.webhookState !== null) await this.unsubscribe(account.accountId);
    if (sinceMs < SETTLE_AFTER_MS) return;
    if (await this.isStillAllowed(account)) return this.reconnect(account.accountId);
    if (sinceMs >= config.uninstallGraceDays * DAY_MS) await this.purge(account.accountId);
  }

  /**
   * The signature never changes, so that an old call can be sent again: an access that Kommo still takes was not revoked. Asked
   * while the access token lives, which is forgotten once it is refused or has expired.
   */
  private async isStillAllowed({ accountId }: AccountEntity): Promise<boolean> {
    const session = await findStoredSession(this.context, accountId);
    if (!session) return false;
    try {
      await this.context.kommo.getAccount(session);
      return true;
    } catch (error) {
      if (!(error instanceof KommoUnauthorizedError)) throw error;
      await this.context.stores.accesses.remove(accountId);
      return false;
    }
  }

  private async reconnect(accountId: number): Promise<void> {
    const { logger, stores } = this.context;
    logger.warn('Kommo still takes the access of an account that it said was disconnected: it is connected again', {
      account_id: accountId,
    });
    await stores.accounts.setStatus(accountId, 'active');
    try {
      await this.services.runs.start({ accountId, mode: 'reconcile', trigger: 'watchdog' });
    } catch (error) {
      if (!(error instanceof RunActiveError || error instanceof AccountBlockedError)) throw error;
    }
  }

  private async purge(accountId: number): Promise<void> {
    const { logger, stores } = this.context;
    if (!(await stores.purges.begin(accountId))) return;
    while (await stores.purges.deleteSome(accountId, PURGE_ROWS));
    await stores.purges.end(accountId);
    logger.info('the data of a disconnected account was deleted', { account_id: accountId });
  }
}

const refused = () => new InvalidInputError('The signature is not the one of this account and integration.', { code: 'uninstall_refused' });
