import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, EventStore, LeaseStore, MailingConsentStore, type TransactionOptions } from '#database';
import { Clock, JobQueue, Logger, TransientError } from '#domain';

/**
 * After a worker is killed, no other works on its account for this long. It is longer than the longest call to Unisender, which takes
 * 30 s: the next holder never works while a call of the last one runs. A heartbeat extends the lease several times before.
 */
const LEASE_MS = 45_000;
const HEARTBEAT_MS = 4_000;
const BUSY_RETRY_MS = 2_000;
/** The shortest work of a process between two looks for a burst of webhooks. */
const TURN_MS = 20;
const PAUSE_PER_TURN = 4;
const LONGEST_PAUSE_MS = 1_000;

/** The addresses of a round: all, while they are not known. */
type Addresses = 'all' | ReadonlySet<string>;

/**
 * Lets one holder of a lease write the mirror while a round of its push waits for Unisender. A round decides by what the mirror holds of its
 * addresses, and clears their dirty marks at its end: a change of the same addresses must wait for that end, or it would be lost.
 */
export class PushRound {
  private addresses: Addresses | undefined;
  private ended: Promise<void> = Promise.resolve();
  private written: Promise<unknown> = Promise.resolve();

  /** Runs a round. No write runs beside it until it calls {@link allowOthers}. One round at a time. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.begin(work);
    this.ended = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** Lets writes run that change none of these addresses. */
  allowOthers(addresses: ReadonlySet<string>): void {
    this.addresses = addresses;
  }

  /** Lets no other write begin before the round has ended, and waits for the one that runs. */
  async excludeAll(): Promise<void> {
    this.addresses = 'all';
    await this.written;
  }

  /**
   * Runs a write of the mirror beside a round that may not change its addresses, or else after it. `changed`: the addresses that it
   * changes. One write at a time.
   */
  async write<Result>(changed: Addresses, work: () => Promise<Result>): Promise<Result> {
    while (this.isChangedBy(changed)) await this.ended;
    const result = work();
    this.written = result.catch(() => {});
    return result;
  }

  private async begin<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      await this.excludeAll();
      return await work();
    } finally {
      this.addresses = undefined;
    }
  }

  private isChangedBy(changed: Addresses): boolean {
    const { addresses } = this;
    if (addresses === undefined) return false;
    return addresses === 'all' || changed === 'all' || [...changed].some((address) => addresses.has(address));
  }
}

/**
 * Commits work on accounts. While webhooks wait to be stored, work pauses before its transactions: both need the processor and the
 * database. It goes on at a fifth of its rate or more, even while the burst does not end.
 */
@Injectable()
export class FencedTransactions {
  private turnBeganAtMs = 0;
  private pause: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly leases: LeaseStore,
    private readonly events: EventStore,
    private readonly clock: Clock,
  ) {}

  /** Runs `work` in a transaction that commits only while the lease with this fence is held, see {@link AccountLease.write}. */
  async run<Result>(
    { accountId, fence }: Pick<AccountLease, 'accountId' | 'fence'>,
    work: () => Promise<Result>,
    options: Pick<TransactionOptions, 'durable'> = {},
  ): Promise<Result> {
    if (!this.database.isInTransaction) await this.pauseInBurst();
    return this.database.transaction(async () => {
      await this.leases.assertFence(accountId, fence);
      return work();
    }, options);
  }

  /** All work of this process shares a pause. */
  private async pauseInBurst(): Promise<void> {
    const turnMs = this.clock.nowMs() - this.turnBeganAtMs;
    if (!this.pause && turnMs >= 0 && turnMs < TURN_MS) return;
    this.pause ??= this.pauseAfter(turnMs).finally(() => {
      this.pause = undefined;
      this.turnBeganAtMs = this.clock.nowMs();
    });
    return this.pause;
  }

  private async pauseAfter(turnMs: number): Promise<void> {
    if (!(await this.events.isBurstAnnounced())) return;
    await this.clock.sleep(Math.min(Math.max(turnMs, TURN_MS) * PAUSE_PER_TURN, LONGEST_PAUSE_MS));
  }
}

/**
 * The right to work on one account. One worker holds it at a time, over all processes. Every write checks the fence: a holder whose
 * lease ended cannot overwrite the work of the next one.
 */
export class AccountLease {
  /** Which push of this holder runs. */
  readonly round = new PushRound();
  private isLost = false;

  constructor(
    private readonly transactions: FencedTransactions,
    readonly accountId: number,
    /** The number of this lease; the next holder's is higher. */
    readonly fence: number,
  ) {}

  /** Call it between steps. Throws TransientError `lease_lost` when another worker has taken the account. */
  assertHeld(): void {
    if (this.isLost) throw new TransientError(`the lease of account ${this.accountId} was lost`, { code: 'lease_lost' });
  }

  /**
   * Runs `work` in a transaction that commits only while the lease is held. `durable: 'later'` only when no vendor's call depends on it
   * before the next transaction with `now`: the begin of each call to Unisender is `now`. Waits while many webhooks arrive, a second at
   * most. Throws TransientError `lease_lost`.
   */
  async write<Result>(work: () => Promise<Result>, options: Pick<TransactionOptions, 'durable'> = {}): Promise<Result> {
    return this.transactions.run(this, work, options);
  }

  /** Makes every later {@link assertHeld} throw. */
  markLost(): void {
    this.isLost = true;
  }
}

/** Enqueues the jobs of an account that ended because another worker held the account. */
@Injectable()
export class RequestedJobs {
  constructor(
    private readonly consents: MailingConsentStore,
    private readonly queue: JobQueue,
  ) {}

  /** Enqueues a `write-backs` job when a write-back is pending. Throws TransientError `queue_unavailable`. */
  async enqueueWriteBacks(accountId: number): Promise<void> {
    const [pending] = await this.consents.listWriteBacks(accountId, 1);
    if (pending) await this.queue.put({ tube: 'write-backs', payload: { account_id: accountId } });
  }

  /** Enqueues a `contacts` job, and a `write-backs` job when a write-back is pending. Throws TransientError `queue_unavailable`. */
  async enqueue(accountId: number): Promise<void> {
    const payload = { account_id: accountId };
    const [pending] = await this.consents.listWriteBacks(accountId, 1);
    if (pending) await this.queue.put({ tube: 'write-backs', payload });
    // The delay keeps the two jobs from waiting for each other's lease.
    await this.queue.put({ tube: 'contacts', payload }, pending ? { delaySeconds: 1 } : {});
  }
}

/** Gives out the leases of accounts. */
@Injectable()
export class AccountLeases {
  constructor(
    private readonly transactions: FencedTransactions,
    private readonly leases: LeaseStore,
    private readonly requestedJobs: RequestedJobs,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Runs `work` while holding the account, and releases it. When `work` throws, the lease expires at once without being released:
   * that shows the sweep unfinished work. Throws TransientError `account_busy` while another worker holds the account.
   */
  async hold<Result>(accountId: number, work: (lease: AccountLease) => Promise<Result>): Promise<Result> {
    const fence = await this.leases.acquire(accountId, randomUUID(), LEASE_MS);
    if (fence === undefined) {
      throw new TransientError(`another worker holds account ${accountId}`, { code: 'account_busy', retryAfterMs: BUSY_RETRY_MS });
    }
    const lease = new AccountLease(this.transactions, accountId, fence);
    const stopHeartbeat = this.startHeartbeat(lease);
    try {
      const result = await work(lease).finally(stopHeartbeat);
      const areJobsRequested = await this.leases.release(accountId, fence);
      if (areJobsRequested) await this.requestedJobs.enqueue(accountId);
      return result;
    } catch (error) {
      await this.abandon(lease);
      throw error;
    }
  }

  private async abandon({ accountId, fence }: AccountLease): Promise<void> {
    try {
      await this.leases.renew(accountId, fence, 0);
    } catch (error) {
      this.logger.warn('lease not ended; it will expire', { account_id: accountId, error });
    }
  }

  /** Extends the lease in the background until the returned function is called. */
  private startHeartbeat(lease: AccountLease): () => Promise<void> {
    const ended = new AbortController();
    const heartbeat = this.extendUntil(ended.signal, lease);
    return () => {
      ended.abort();
      return heartbeat;
    };
  }

  /** A failure of the database is ignored: the next heartbeat tries again. */
  private async extendUntil(ended: AbortSignal, lease: AccountLease): Promise<void> {
    for (;;) {
      await this.clock.sleep(HEARTBEAT_MS, ended).catch(() => {});
      if (ended.aborted) return;
      const isHeld = await this.leases.renew(lease.accountId, lease.fence, LEASE_MS).catch(() => true);
      if (!isHeld) lease.markLost();
    }
  }
}
