import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, AlertStore, Database, PauseStore } from '#database';
import {
  type AccountSettings,
  Logger,
  type Secret,
  TransientError,
  alerts,
  decidePause,
  hasErrorCode,
  isDeferral,
  toAccountBlockedError,
  toIsoTime,
  waitAlertCodes,
} from '#domain';
import { Keyring } from '#secrets';
import { UnisenderKeyRefusedError, UnisenderMethodDeniedError } from '#unisender';
import { AccountGate } from '../accounts/account-gate.js';
import { ContactCounter } from '../accounts/contact-counter.js';
import { findUsableUnisenderKey } from '../tokens/sealing.js';
import { type AccountLease, AccountLeases } from './account-lease.js';

/** What a job needs to work on one account. */
export interface AccountWork {
  readonly lease: AccountLease;
  readonly account: AccountEntity;
  readonly settings: AccountSettings;
  /** Undefined without a key, and while Unisender refuses it. Jobs then update the mirror and push nothing. */
  readonly unisenderKey: Secret | undefined;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

/** A vendor's wait of this length or more pauses the account. */
const PAUSE_FROM_MS = 30_000;
const PUSH_METHODS: readonly string[] = ['importContacts', 'getLists', 'createList'];

/** Throws TransientError `stopping` once the process is asked to stop. */
export function throwIfStopping(signal: AbortSignal): void {
  if (signal.aborted) throw new TransientError('the process is stopping', { code: 'stopping', retryAfterMs: 0 });
}

/** Records what the failure of a job means for its account. */
@Injectable()
export class AccountFailures {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly alerts: AlertStore,
    private readonly pauses: PauseStore,
    private readonly logger: Logger,
  ) {}

  /** Records a refused Unisender key, or pauses the account for a long wait. Returns the error that the job ends with. */
  async record(accountId: number, error: unknown): Promise<unknown> {
    if (error instanceof UnisenderKeyRefusedError) return this.recordRefusedKey(accountId, error);
    if (error instanceof UnisenderMethodDeniedError && !(await this.isNeeded(accountId, error))) await this.alert(accountId, error.code);
    else if (error instanceof TransientError && !isDeferral(error)) await this.pauseFor(accountId, error);
    return error;
  }

  /** Raises the alert when Unisender gives the key of the account no access to a method. */
  async alertDeniedMethods({ accountId, unisenderKeyHash }: AccountEntity): Promise<void> {
    if (unisenderKeyHash === null || (await this.pauses.listDeniedMethods(1, unisenderKeyHash)).length === 0) return;
    await this.alert(accountId, 'unisender_access_denied');
  }

  /** Nothing can be pushed without these methods; without exports nothing can be pushed before the first one. */
  private async isNeeded(accountId: number, { method }: UnisenderMethodDeniedError): Promise<boolean> {
    if (PUSH_METHODS.includes(method)) return true;
    return method.startsWith('async/') && (await this.accounts.find(accountId))?.baselineState !== 'done';
  }

  /** A 403, and a refused method, that repeat pause for longer each time (DESIGN.md 7.7). */
  private async pauseFor(accountId: number, { code, retryAfterMs: forMs = 0 }: TransientError): Promise<void> {
    if (forMs < PAUSE_FROM_MS) return;
    const refusal = { forMs, isGrowing: code === 'kommo_forbidden' || code === 'unisender_access_denied' };
    const scope = { kind: 'account', id: String(accountId) } as const;
    const { until } = await this.pauses.change(scope, code, (last, nowMs) => decidePause(last, refusal, nowMs));
    this.logger.warn('account paused', { account_id: accountId, code, until: toIsoTime(until) });
    await this.alert(accountId, code);
  }

  private async alert(accountId: number, code: string): Promise<void> {
    const alertCode = waitAlertCodes.find((each) => each === code);
    if (alertCode) await this.alerts.raise(alerts.waitsForHuman(accountId, alertCode, await this.pauses.nowMs()));
  }

  /** Flags the account, unless another key has been saved: the refusal is about the former one. */
  private async recordRefusedKey(accountId: number, error: UnisenderKeyRefusedError): Promise<unknown> {
    const isFlagged = await this.database.transaction(async () => {
      const storedKeyId = (await this.accounts.findLocked(accountId))?.unisenderKeyHash ?? error.keyId;
      if (storedKeyId !== error.keyId) return false;
      await this.accounts.update(accountId, { unisenderBlock: error.code });
      await this.alerts.raise(alerts.unisenderKeyRefused(accountId, error.code, await this.pauses.nowMs()));
      return true;
    });
    if (!isFlagged) return new TransientError('Another Unisender key was saved meanwhile', { code: 'account_busy', retryAfterMs: 0 });
    this.logger.error('Unisender refuses the key; nothing is pushed until it is replaced', { account_id: accountId });
    return toAccountBlockedError(accountId, 'unisender_key_refused', { cause: error });
  }
}

/** Ends the work on an account: counts its contacts, and records what a failure means for it. */
@Injectable()
export class AccountWorkEnd {
  constructor(
    private readonly failures: AccountFailures,
    private readonly counter: ContactCounter,
  ) {}

  /** Counts what the work has changed. */
  async succeed(account: AccountEntity): Promise<void> {
    await this.counter.refresh(account.accountId);
    await this.failures.alertDeniedMethods(account);
  }

  /** Counts what the work has changed, and returns the error that the job ends with. Work on a busy account has not begun. */
  async fail(accountId: number, error: unknown): Promise<unknown> {
    if (!hasErrorCode(error, 'account_busy')) await this.counter.refresh(accountId);
    return this.failures.record(accountId, error);
  }
}

/** Runs work on accounts, one worker for each account at a time. */
@Injectable()
export class AccountWorkRunner {
  constructor(
    private readonly gate: AccountGate,
    private readonly accounts: AccountStore,
    private readonly leases: AccountLeases,
    private readonly end: AccountWorkEnd,
    private readonly keyring: Keyring,
  ) {}

  /**
   * Runs `work` under the account's lease, and `onReleased` before it counts the account's contacts. Records a refused Unisender key. A
   * vendor's wait of 30 s or more pauses the account in all processes. Throws AccountBlockedError when a human must act first,
   * TransientError `account_paused` or `account_busy`, and what `work` throws.
   */
  async run<Result>(
    accountId: number,
    signal: AbortSignal,
    work: (work: AccountWork) => Promise<Result>,
    onReleased: (result: Result) => Promise<void> = async () => {},
  ): Promise<Result> {
    const account = await this.gate.get(accountId, 'work');
    try {
      const result = await this.leases.hold(accountId, async (lease) => {
        const current = (await this.accounts.find(accountId)) ?? account;
        const unisenderKey = findUsableUnisenderKey(this.keyring, current);
        return work({ lease, account: current, settings: current.settings, unisenderKey, signal });
      });
      await onReleased(result);
      await this.end.succeed(account);
      return result;
    } catch (error) {
      throw await this.end.fail(accountId, error);
    }
  }
}
