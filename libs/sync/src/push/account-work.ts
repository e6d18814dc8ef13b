import type { AccountEntity } from '#database';
import {
  AccountBlockedError,
  type AccountSettings,
  type Continuation,
  type Secret,
  TransientError,
  alerts,
  findContinuation,
  isDeferral,
} from '#domain';
import { UnisenderKeyRefusedError } from '#unisender';
import type { SyncContext } from '../context.js';
import { openUnisenderKey } from '../tokens/sealing.js';
import { AccountLease } from './account-lease.js';

/** Work on one account: who holds it, what it wants, when to stop. */
export interface AccountWork {
  readonly lease: AccountLease;
  readonly account: AccountEntity;
  readonly settings: AccountSettings;
  /** Undefined while no key was given or Unisender refuses it: the mirror is kept, nothing is told. */
  readonly unisenderKey: Secret | undefined;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

const PAUSE_FROM_MS = 30_000;

const aborted = () => new TransientError('the process is stopping', { code: 'stopping', retryAfterMs: 0 });

/** Throws TransientError `stopping` once the process is asked to stop. */
export function throwIfStopping(signal: AbortSignal): void {
  if (signal.aborted) throw aborted();
}

function assertWorkable(account: AccountEntity, nowMs: number): void {
  if (account.status === 'disconnected') throw new AccountBlockedError('the account is disconnected', { code: 'disconnected' });
  if (account.status === 'suspended') throw new AccountBlockedError('the account is suspended', { code: 'suspended' });
  if (account.status !== 'active') {
    throw new AccountBlockedError('the account must be authorised again', { code: 'reauthorization_required' });
  }
  if (account.pausedUntil > nowMs) {
    throw new TransientError(`the account is paused: ${account.pauseCode ?? ''}`, {
      code: 'account_paused',
      retryAfterMs: account.pausedUntil - nowMs,
    });
  }
}

/** Remembers for all processes what a failure means for the account; gives the error that its job ends with. */
async function settleFailure(context: SyncContext, accountId: number, error: unknown): Promise<unknown> {
  const { database, stores, clock, logger } = context;
  if (error instanceof UnisenderKeyRefusedError) {
    await database.transaction(async () => {
      await stores.accounts.update(accountId, { unisenderBlock: error.code });
      await stores.alerts.raise(alerts.unisenderKeyRefused(accountId, error.code, clock.nowMs()));
    });
    logger.error('Unisender refuses the key: nothing is told until it is changed', { account_id: accountId });
    return new AccountBlockedError(error.message, { code: 'unisender_key_refused', cause: error });
  }
  const isLongWait = error instanceof TransientError && !isDeferral(error) && (error.retryAfterMs ?? 0) >= PAUSE_FROM_MS;
  if (isLongWait) await stores.accounts.pause(accountId, clock.nowMs() + (error.retryAfterMs ?? 0), error.code);
  return error;
}

/**
 * Runs `work` on an account that can be worked on, under its lease. A refused Unisender key is remembered, a vendor's long
 * wait pauses the account for everybody. Throws AccountBlockedError when a human must act first.
 */
export async function workOnAccount<Result>(
  context: SyncContext,
  accountId: number,
  signal: AbortSignal,
  work: (work: AccountWork) => Promise<Result>,
): Promise<Result> {
  const account = await context.stores.accounts.find(accountId);
  if (!account) throw new AccountBlockedError(`account ${accountId} is not known`, { code: 'disconnected' });
  assertWorkable(account, context.clock.nowMs());
  try {
    return await AccountLease.hold(context, accountId, async (lease) => {
      const current = (await context.stores.accounts.find(accountId)) ?? account;
      return work({
        lease,
        account: current,
        settings: current.settings,
        unisenderKey: current.unisenderBlock === null ? openUnisenderKey(context, current) : undefined,
        signal,
      });
    });
  } catch (error) {
    throw await settleFailure(context, accountId, error);
  }
}

/**
 * Ends the failed job of an account when another job continues its work, else throws `error`, which decides what becomes of the
 * job (`decideDisposition`). Asks the holder of a busy account to enqueue a job when it releases the account. `hasEarlierJob`
 * tells whether an earlier job of the account is in back-off.
 */
export async function throwUnlessContinued(
  { logger, stores }: SyncContext,
  accountId: number,
  error: unknown,
  hasEarlierJob: () => Promise<boolean> = async () => false,
): Promise<void> {
  const isContinued: Readonly<Record<Continuation, () => Promise<boolean>>> = {
    sweep: async () => true,
    lease_holder: () => stores.leases.requestJobOnRelease(accountId),
    earlier_job: hasEarlierJob,
  };
  const continuation = findContinuation(error);
  if (continuation === undefined || !(await isContinued[continuation]())) throw error;
  const level = continuation === 'earlier_job' ? 'warn' : 'debug';
  logger[level]('job ended; another job continues its work', { account_id: accountId, continuation, error });
}
