import type { AccountEntity } from '#database';
import {
  type AccountSettings,
  type Continuation,
  type Secret,
  TransientError,
  alerts,
  findContinuation,
  isDeferral,
  requireUsableAccount,
  toAccountBlockedError,
} from '#domain';
import { UnisenderKeyRefusedError } from '#unisender';
import type { SyncContext } from '../context.js';
import { findUsableUnisenderKey } from '../tokens/sealing.js';
import { AccountLease } from './account-lease.js';

/** What a job needs to work on one account. */
export interface AccountWork {
  readonly lease: AccountLease;
  readonly account: AccountEntity;
  readonly settings: AccountSettings;
  /** Undefined without a key, and while Unisender refuses it. Then jobs keep the mirror and push nothing. */
  readonly unisenderKey: Secret | undefined;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

/** A vendor's wait of this length or more pauses the account. */
const PAUSE_FROM_MS = 30_000;

const aborted = () => new TransientError('the process is stopping', { code: 'stopping', retryAfterMs: 0 });

/** Throws TransientError `stopping` once the process is asked to stop. */
export function throwIfStopping(signal: AbortSignal): void {
  if (signal.aborted) throw aborted();
}

/** Records what an error means for the account: a refused key, or a pause. Returns the error that ends the job. */
async function recordFailure(context: SyncContext, accountId: number, error: unknown): Promise<unknown> {
  const { database, stores, clock, logger } = context;
  if (error instanceof UnisenderKeyRefusedError) {
    await database.transaction(async () => {
      await stores.accounts.update(accountId, { unisenderBlock: error.code });
      await stores.alerts.raise(alerts.unisenderKeyRefused(accountId, error.code, clock.nowMs()));
    });
    logger.error('Unisender refuses the key; nothing is pushed until it is replaced', { account_id: accountId });
    return toAccountBlockedError(accountId, 'unisender_key_refused', { cause: error });
  }
  const isLongWait = error instanceof TransientError && !isDeferral(error) && (error.retryAfterMs ?? 0) >= PAUSE_FROM_MS;
  if (isLongWait) await stores.accounts.pause(accountId, clock.nowMs() + (error.retryAfterMs ?? 0), error.code);
  return error;
}

/**
 * Runs `work` under the account's lease. Records a refused Unisender key. A vendor's wait of 30 s or more pauses the account in all
 * processes. Throws AccountBlockedError when a human must act first, TransientError `account_paused` or `account_busy`, and what
 * `work` throws.
 */
export async function workOnAccount<Result>(
  context: SyncContext,
  accountId: number,
  signal: AbortSignal,
  work: (work: AccountWork) => Promise<Result>,
): Promise<Result> {
  const nowMs = context.clock.nowMs();
  const account = requireUsableAccount(await context.stores.accounts.find(accountId), { accountId, use: 'work', nowMs });
  try {
    return await AccountLease.hold(context, accountId, async (lease) => {
      const current = (await context.stores.accounts.find(accountId)) ?? account;
      return work({
        lease,
        account: current,
        settings: current.settings,
        unisenderKey: findUsableUnisenderKey(context, current),
        signal,
      });
    });
  } catch (error) {
    throw await recordFailure(context, accountId, error);
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
