import type { AccountEntity, WebhookState } from '#database';
import { AccountBlockedError, type Secret, ServiceError, TransientError, alerts, hasErrorCode, requireUsableAccount } from '#domain';
import { type KommoSession, CONTACT_WEBHOOK_SETTINGS } from '#kommo';
import { UnisenderKeyRefusedError } from '#unisender';
import type { SyncContext } from '../context.js';
import { RunActiveError, type RunService } from '../runs/run-service.js';
import { findStoredSession } from '../tokens/credentials.js';
import { findUsableUnisenderKey } from '../tokens/sealing.js';
import type { TokenService } from '../tokens/token-service.js';
import { openWebhookUrls } from './webhook-url.js';

/** reference/unisender.md 8.5: one event per delivery, so that a delivery is one address. */
const UNISENDER_HOOK = {
  events: { unsubscribe: '*', subscribe: '*', email_status: '*' },
  singleEvent: true,
} as const;

/** What the watchdog found. */
export interface WebhookCheck {
  /** The state of Kommo's webhook before anything was mended. */
  readonly found: WebhookState;
  /** Whether a reconciliation was started for what was missed. */
  readonly isReconciling: boolean;
}

interface Services {
  readonly tokens: TokenService;
  readonly runs: Pick<RunService, 'start'>;
}

/** The webhooks of Kommo and Unisender that tell us of changes. */
export class VendorWebhooks {
  constructor(
    private readonly context: SyncContext,
    private readonly services: Services,
  ) {}

  /**
   * Makes both vendors report the account's events. Idempotent. A vendor that will not have it (the plan, the user's rights,
   * a URL it cannot reach) is logged and left to the nightly reconciliation.
   *
   * Throws TransientError when a vendor may have it later, after the other one was asked too; AccountBlockedError.
   */
  async ensure(accountId: number): Promise<void> {
    const account = await this.getAccount(accountId);
    const failures = await collectFailures([() => this.ensureKommo(account), () => this.ensureUnisender(account)]);
    for (const error of failures) this.context.logger.warn('a webhook was not subscribed', { account_id: accountId, error });
    const unsettled = failures.find((error) => isAccountBlocked(error) || (error instanceof TransientError && !isRefusal(error)));
    if (unsettled) throw unsettled;
  }

  /**
   * Looks after the account's webhooks. One that is missing or disabled is mended and the gap reconciled. The account is
   * marked `active` only after that run was started, so that a gap survives a crash or a run that is active now.
   */
  async check(accountId: number): Promise<WebhookCheck> {
    const account = await this.getAccount(accountId);
    const found = await this.findKommoState(account);
    if (found === 'active' && account.webhookState === 'active') {
      await this.ensureUnisender(account);
      return { found, isReconciling: false };
    }
    await this.context.stores.accounts.update(accountId, {
      webhookState: found === 'active' ? (account.webhookState ?? 'missing') : found,
    });
    this.context.logger.warn('a webhook was not active: it is mended and the gap reconciled', { account_id: accountId, found });
    const failures = await collectFailures([() => this.mendKommo(account), () => this.ensureUnisender(account)]);
    const [failure] = failures;
    if (failure) throw failure;
    return { found, isReconciling: await this.reconcileGap(account) };
  }

  /**
   * Ends both subscriptions of a disconnected account, as far as the vendors still let us: also of one whose access has ended.
   * The account's webhook state stays while a vendor may take it later.
   */
  async remove(accountId: number): Promise<void> {
    const account = await this.context.stores.accounts.find(accountId);
    if (account?.status !== 'disconnected') return;
    const failures = await collectFailures([() => this.removeKommo(account), () => this.removeUnisender(account)]);
    for (const error of failures) this.context.logger.warn('a webhook was not removed', { account_id: accountId, error });
    const mayPassLater = failures.some((error) => error instanceof TransientError && !isRefusal(error));
    if (!mayPassLater) await this.context.stores.accounts.update(accountId, { webhookState: null });
  }

  private async getAccount(accountId: number): Promise<AccountEntity> {
    const { clock, stores } = this.context;
    return requireUsableAccount(await stores.accounts.find(accountId), { accountId, use: 'call_kommo', nowMs: clock.nowMs() });
  }

  private async ensureKommo(account: AccountEntity): Promise<void> {
    const { accounts } = this.context.stores;
    try {
      await this.mendKommo(account);
    } catch (error) {
      await accounts.update(account.accountId, { webhookState: 'missing' });
      throw error;
    }
    await accounts.update(account.accountId, { webhookState: 'active' });
  }

  private async mendKommo(account: AccountEntity): Promise<void> {
    const destination = openWebhookUrls(this.context, account).kommo;
    await this.askKommo(account, async (session) => {
      const state = await this.context.kommo.ensureWebhook(session, { destination, settings: CONTACT_WEBHOOK_SETTINGS });
      if (state !== 'active') throw new TransientError('Kommo keeps the webhook switched off', { code: 'kommo_webhook_disabled' });
    });
  }

  private async findKommoState(account: AccountEntity): Promise<WebhookState> {
    const destination = openWebhookUrls(this.context, account).kommo;
    const [hook] = await this.askKommo(account, (session) => this.context.kommo.listWebhooks(session, destination));
    if (!hook || !CONTACT_WEBHOOK_SETTINGS.every((setting) => hook.settings.includes(setting))) return 'missing';
    return hook.isDisabled ? 'disabled' : 'active';
  }

  /** What Kommo will not have, asked again or not, is told to the operator. */
  private async askKommo<T>({ accountId }: AccountEntity, work: (session: KommoSession) => Promise<T>): Promise<T> {
    try {
      return await this.services.tokens.withSession(accountId, work);
    } catch (error) {
      if (error instanceof ServiceError && (isRefusal(error) || hasErrorCode(error, 'kommo_webhook_disabled'))) {
        await this.context.stores.alerts.raise(alerts.webhookMissing(accountId, error.code, this.context.clock.nowMs()));
      }
      throw error;
    }
  }

  private async removeKommo(account: AccountEntity): Promise<void> {
    const destination = openWebhookUrls(this.context, account).kommo;
    const session = await findStoredSession(this.context, account.accountId);
    if (session) await this.context.kommo.deleteWebhook(session, destination);
  }

  /** Setting it again revives a hook that Unisender stopped (reference/unisender.md 8.1). */
  private async ensureUnisender(account: AccountEntity): Promise<void> {
    const key = this.openKey(account);
    if (key) await this.context.unisender.setHook(key, { url: openWebhookUrls(this.context, account).unisender, ...UNISENDER_HOOK });
  }

  private async removeUnisender(account: AccountEntity): Promise<void> {
    const key = this.openKey(account);
    if (key) await this.context.unisender.removeHook(key, openWebhookUrls(this.context, account).unisender);
  }

  private openKey(account: AccountEntity): Secret | undefined {
    return findUsableUnisenderKey(this.context, account);
  }

  private async reconcileGap(account: AccountEntity): Promise<boolean> {
    const { accountId } = account;
    if (!this.openKey(account)) return false;
    try {
      await this.services.runs.start({ accountId, mode: 'reconcile', trigger: 'watchdog' });
    } catch (error) {
      if (!(error instanceof RunActiveError)) throw error;
      return false;
    }
    await this.context.stores.accounts.update(accountId, { webhookState: 'active' });
    return true;
  }
}

/** How Kommo says that the plan or the user's rights do not include webhooks (reference/kommo.md 5.1). */
const isRefusal = (error: unknown): boolean => hasErrorCode(error, 'kommo_payment_required', 'kommo_forbidden');

/** A refused Unisender key does not stop the webhook of Kommo: it is flagged by the next job. */
const isAccountBlocked = (error: unknown): boolean => error instanceof AccountBlockedError && !(error instanceof UnisenderKeyRefusedError);

/** Runs every step and returns what failed. */
async function collectFailures(steps: readonly (() => Promise<unknown>)[]): Promise<ServiceError[]> {
  const failures: ServiceError[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      failures.push(error);
    }
  }
  return failures;
}
