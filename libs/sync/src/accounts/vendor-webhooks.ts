import { Injectable } from '@nestjs/common';
import { type AccountEntity, type AccountPatch, AccountStore, type WebhookState } from '#database';
import { AccountBlockedError, Logger, ServiceError, TransientError } from '#domain';
import { UnisenderKeyRefusedError, UnisenderMethodDeniedError } from '#unisender';
import { AccountGate } from './account-gate.js';
import { KommoWebhooks, isWebhookRefusal } from './kommo-webhooks.js';
import { UnisenderWebhooks } from './unisender-webhooks.js';

/** The webhooks of an account before and after a repair. */
export interface WebhookRepair {
  readonly account: AccountEntity;
  /** The state of Kommo's webhook before the repair. */
  readonly found: WebhookState;
  /** Whether events may have been missed. */
  readonly hasGap: boolean;
  /** The states of the account once a reconciliation reads what was missed. */
  readonly settled: Pick<AccountPatch, 'webhookState' | 'unisenderWebhookState'>;
}

type KommoRepair = Pick<WebhookRepair, 'found' | 'hasGap'>;

/** Creates, repairs and removes the webhooks of an account at both vendors. */
@Injectable()
export class VendorWebhooks {
  constructor(
    private readonly gate: AccountGate,
    private readonly accounts: AccountStore,
    private readonly kommo: KommoWebhooks,
    private readonly unisender: UnisenderWebhooks,
    private readonly logger: Logger,
  ) {}

  /**
   * Makes both vendors send the events of the account. Safe to repeat. Only logs a final refusal (the plan, the rights of the user or the
   * key, a URL that the vendor cannot reach): the nightly reconciliation reads the changes instead.
   *
   * Tries both vendors, then throws TransientError when one may accept the webhook later, or AccountBlockedError.
   */
  async ensure(accountId: number): Promise<void> {
    const account = await this.gate.get(accountId, 'call_kommo');
    const failures = await collectFailures([() => this.ensureKommo(account), () => this.unisender.ensure(account)]);
    for (const error of failures) this.logger.warn('webhook not created', { account_id: accountId, error });
    const unsettled = failures.find((error) => isAccountBlocked(error) || mayPassLater(error));
    if (unsettled) throw unsettled;
  }

  /** As {@link ensure}, but logs the service's own errors and does not throw them: the watchdog tries again. */
  async tryEnsure(accountId: number): Promise<void> {
    try {
      await this.ensure(accountId);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.logger.warn('webhooks not created; the watchdog will try again', { account_id: accountId, error });
    }
  }

  /**
   * Checks both webhooks and creates missing, disabled and stopped ones. After a gap the account keeps the state that was found: the
   * caller stores `settled` after it has started a reconciliation. Throws the first error of the vendors, after it has tried both.
   */
  async repair(accountId: number): Promise<WebhookRepair> {
    const account = await this.gate.get(accountId, 'call_kommo');
    const repaired: { kommo?: KommoRepair; hasUnisenderGap?: boolean } = {};
    const [failure] = await collectFailures([
      async () => void (repaired.kommo = await this.repairKommo(account)),
      async () => void (repaired.hasUnisenderGap = await this.unisender.repair(account)),
    ]);
    if (failure) throw failure;
    const { found = 'missing', hasGap = false } = repaired.kommo ?? {};
    const settled = {
      ...(hasGap ? { webhookState: 'active' as const } : {}),
      ...(repaired.hasUnisenderGap ? { unisenderWebhookState: 'active' as const } : {}),
    };
    return { account, found, hasGap: Object.keys(settled).length > 0, settled };
  }

  /**
   * Deletes both webhooks of a disconnected account, also when its access has ended. The account keeps its webhook state while a
   * vendor may accept the call later.
   */
  async remove(accountId: number): Promise<void> {
    const account = await this.accounts.find(accountId);
    if (account?.status !== 'disconnected') return;
    const failures = await collectFailures([() => this.kommo.remove(account), () => this.unisender.remove(account)]);
    for (const error of failures) this.logger.warn('webhook not removed', { account_id: accountId, error });
    if (!failures.some(mayPassLater)) await this.accounts.update(accountId, { webhookState: null });
  }

  private async repairKommo(account: AccountEntity): Promise<KommoRepair> {
    const { accountId, webhookState: stored } = account;
    const found = await this.findState(account);
    if (found === 'active' && stored === 'active') {
      await this.kommo.removeFormer(account);
      return { found, hasGap: false };
    }
    if (found === 'unavailable') return this.leaveUnavailable(accountId);
    await this.accounts.update(accountId, { webhookState: found === 'active' ? (stored ?? 'missing') : found });
    if (found !== 'active' && stored === 'active') await this.kommo.reportOff(account, found);
    this.logger.warn('webhook was not active; repairing it', { account_id: accountId, found });
    try {
      await this.kommo.ensure(account);
    } catch (error) {
      if (await this.isUnavailable(account, error)) return this.leaveUnavailable(accountId);
      throw error;
    }
    return { found, hasGap: true };
  }

  private async findState(account: AccountEntity): Promise<WebhookState> {
    try {
      return await this.kommo.readState(account);
    } catch (error) {
      if (await this.isUnavailable(account, error)) return 'unavailable';
      throw error;
    }
  }

  private async isUnavailable(account: AccountEntity, error: unknown): Promise<boolean> {
    return isWebhookRefusal(error) && (await this.kommo.canRead(account));
  }

  /** The account is polled for changes; the next check tries again. */
  private async leaveUnavailable(accountId: number): Promise<KommoRepair> {
    await this.accounts.update(accountId, { webhookState: 'unavailable' });
    return { found: 'unavailable', hasGap: false };
  }

  private async ensureKommo(account: AccountEntity): Promise<void> {
    try {
      await this.kommo.ensure(account);
    } catch (error) {
      const webhookState = (await this.isUnavailable(account, error)) ? 'unavailable' : 'missing';
      await this.accounts.update(account.accountId, { webhookState });
      throw error;
    }
    await this.accounts.update(account.accountId, { webhookState: 'active' });
  }
}

/** A refused Unisender key does not count: the next job records it, and Kommo's webhook works without it. */
const isAccountBlocked = (error: unknown): boolean => error instanceof AccountBlockedError && !(error instanceof UnisenderKeyRefusedError);

const mayPassLater = (error: unknown): boolean =>
  error instanceof TransientError && !isWebhookRefusal(error) && !(error instanceof UnisenderMethodDeniedError);

/** Runs every step and returns the service's own errors. Throws any other error. */
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
