import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore, EventStore, LeaseStore, PollStore } from '#database';
import { Clock, JobQueue, POLL_INTERVAL_MS, type SweptJob, nextSweptJob } from '#domain';
import { AccountGate } from '../accounts/account-gate.js';

const LIMIT = 1_000;

/** Enqueues jobs for accounts. */
@Injectable()
export class AccountJobs {
  constructor(
    private readonly gate: AccountGate,
    private readonly queue: JobQueue,
  ) {}

  /** Enqueues a `contacts` job, unless a worker could not use the account now. Throws TransientError `queue_unavailable`. */
  async enqueueIfUsable(accountId: number): Promise<void> {
    if ((await this.gate.findHindrance(accountId, 'work')) !== undefined) return;
    await this.queue.put({ tube: 'contacts', payload: { account_id: accountId } });
  }
}

/** Finds accounts whose work may have lost its job: events wait, a lease was abandoned, or a poll or an address is due. */
@Injectable()
export class SweptAccounts {
  constructor(
    private readonly events: EventStore,
    private readonly leases: LeaseStore,
    private readonly polls: PollStore,
    private readonly accounts: AccountStore,
  ) {}

  /** Lists the accounts that have been due for `forMs`. */
  async list(nowMs: number, forMs: number): Promise<Set<number>> {
    const waiting = await this.events.listAccountsWaiting(nowMs - forMs, LIMIT);
    const abandoned = await this.leases.listAbandoned(forMs, LIMIT);
    const unpolled = await this.polls.listDue(nowMs - POLL_INTERVAL_MS, LIMIT);
    const due = await this.accounts.listWorkDue(nowMs - forMs, LIMIT);
    return new Set([...waiting, ...abandoned, ...unpolled, ...due]);
  }
}

/** Enqueues the jobs of accounts whose work may have lost its job. */
@Injectable()
export class DueAccounts {
  /** The jobs of the accounts that were due in the last round. */
  private swept: ReadonlyMap<number, SweptJob> = new Map();

  constructor(
    private readonly accounts: SweptAccounts,
    private readonly jobs: AccountJobs,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Enqueues a job for each account that has been due for `SWEEP_SECONDS`, less often the longer it stays due. Throws TransientError
   * when the database or the queue is unavailable.
   */
  async enqueueJobs(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const firstPauseMs = this.config.sweepSeconds * 1_000;
    const swept = new Map<number, SweptJob>();
    for (const accountId of await this.accounts.list(nowMs, firstPauseMs)) {
      const last = this.swept.get(accountId);
      const next = nextSweptJob(last, { nowMs, firstPauseMs });
      if (next !== last) await this.jobs.enqueueIfUsable(accountId);
      swept.set(accountId, next);
    }
    this.swept = swept;
  }
}
