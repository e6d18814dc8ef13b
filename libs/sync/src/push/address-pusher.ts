import { Injectable } from '@nestjs/common';
import { AddressStore, type DirtyAddress, MailingConsentStore, PushedAddressStore, ThroughputCounter } from '#database';
import { Clock, Logger, MAX_ROWS_PER_CALL, type Secret, decideAddress } from '#domain';
import { RequestedJobs } from './account-lease.js';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { AddressRemover } from './address-remover.js';
import { ListWriter, type Round } from './list-writer.js';
import { Preparation } from './preparation.js';
import { RemovalGate } from './removal-gate.js';
import { type PushCounts, type Put, addCounts, addressesOf, chooseCalls, noCounts, toPutCalls } from './push-plan.js';

/** Adds to counters inside the transaction that records a push, so that a crash never counts twice. */
export type CountPushed = (counts: PushCounts) => Promise<void>;

/** Addresses are read further ahead when calls of several kinds are needed, so that each call is full. */
const MAX_AHEAD = 2_000;

/** What no call relies on. */
const later = { durable: 'later' } as const;

/** The addresses of one round. */
interface Plan {
  readonly plannedAtMs: number;
  readonly puts: readonly Put[];
  readonly removals: readonly DirtyAddress[];
  /** Whether more addresses wait than were read. */
  readonly hasMore: boolean;
}

/** Asks for write-backs of refusals that some holders of an address do not carry. */
@Injectable()
export class WriteBackRequests {
  constructor(
    private readonly consents: MailingConsentStore,
    private readonly jobs: RequestedJobs,
  ) {}

  /** Records which refused addresses a contact without the tag holds. Call it in a transaction. */
  async request(accountId: number, emails: readonly string[]): Promise<void> {
    await this.consents.requestWriteBacks(accountId, emails);
  }

  /** Enqueues a job when a write-back is pending. */
  async enqueue(accountId: number): Promise<void> {
    await this.jobs.enqueueWriteBacks(accountId);
  }
}

/** Finds what is to do for dirty addresses. */
@Injectable()
export class PushPlanner {
  constructor(
    private readonly addresses: AddressStore,
    private readonly pushed: PushedAddressStore,
    private readonly gate: RemovalGate,
    private readonly writeBacks: WriteBackRequests,
    private readonly clock: Clock,
  ) {}

  /**
   * Plans dirty addresses that need a call. Clears the mark of those that need none, and sets removals aside that are not decided.
   * Undefined when no address is dirty.
   */
  async plan(round: Round): Promise<Plan | undefined> {
    for (let limit = MAX_ROWS_PER_CALL; ;) {
      const dirty = await this.addresses.listDirty(round.work.lease.accountId, limit);
      if (dirty.length === 0) return undefined;
      const hasMore = dirty.length === limit;
      const plan = { ...this.decide(dirty), hasMore, plannedAtMs: this.clock.nowMs() };
      if (plan.idle.length > 0) await this.clear(round, plan.idle);
      if (plan.undecided.length > 0) await this.setAside(round, plan.undecided);
      if (hasMore && plan.idle.length + plan.undecided.length > 0) continue;
      if (!hasMore || limit === MAX_AHEAD || toPutCalls(plan.puts).length <= 1) return plan;
      limit = MAX_AHEAD;
    }
  }

  private decide(dirty: readonly DirtyAddress[]) {
    const puts: Put[] = [];
    const [removals, undecided, idle]: [DirtyAddress[], DirtyAddress[], DirtyAddress[]] = [[], [], []];
    const nowMs = this.clock.nowMs();
    for (const address of dirty) {
      const action = decideAddress(address, address.holder, nowMs);
      if (action.kind === 'put') puts.push({ address, action });
      else if (action.kind === 'none') idle.push(address);
      else (this.gate.isAdmitted(address) ? removals : undecided).push(address);
    }
    return { puts, removals, undecided, idle };
  }

  private async clear({ work: { lease }, count }: Round, idle: readonly DirtyAddress[]): Promise<void> {
    const unchanged = idle.filter(({ holder }) => holder !== undefined).length;
    const isNeedless = ({ consent, holder, state }: DirtyAddress) => consent !== 'mailable' || (!holder && state === 'absent');
    const refused = idle.filter(({ consent, holder }) => consent !== 'mailable' && holder !== undefined);
    const parked = idle.filter((address) => address.parkStep !== null && isNeedless(address));
    await lease.write(async () => {
      await this.addresses.clearDirty(lease.accountId, emailsOf(idle));
      await this.pushed.unpark(lease.accountId, emailsOf(parked));
      await this.writeBacks.request(lease.accountId, emailsOf(refused));
      await count({ ...noCounts, unchanged });
    }, later);
    if (refused.length > 0) await this.writeBacks.enqueue(lease.accountId);
  }

  private async setAside({ work: { lease } }: Round, undecided: readonly DirtyAddress[]): Promise<void> {
    await lease.write(() => this.gate.setAside(lease.accountId, undecided));
  }
}

/** Reports what was pushed: to the log and to the throughput of the deployment. */
@Injectable()
export class PushReports {
  constructor(
    private readonly throughput: ThroughputCounter,
    private readonly logger: Logger,
  ) {}

  /** Counts addresses that a call has settled. */
  countPushed(addresses: number): void {
    this.throughput.count('pushes', addresses);
  }

  /** Logs the counts of a round. A round that only found addresses unchanged sent nothing and is not logged. */
  logRound(accountId: number, { created, updated, deleted, rejected, unchanged }: PushCounts): void {
    if (created + updated + deleted + rejected === 0) return;
    this.logger.info('addresses pushed', { account_id: accountId, created, updated, deleted, rejected, unchanged });
  }
}

/** Pushes the difference between the mirror and what was pushed before to Unisender, in calls of up to 500 rows. */
@Injectable()
export class AddressPusher {
  constructor(
    private readonly planner: PushPlanner,
    private readonly writer: ListWriter,
    private readonly remover: AddressRemover,
    private readonly preparation: Preparation,
    private readonly reports: PushReports,
  ) {}

  /**
   * Pushes one round: one call of each kind that is needed, each of up to 500 rows. Prepares the list first, and replaces lists and
   * fields that were deleted in Unisender. Returns false when no address is dirty. Safe to repeat after a crash. Throws TransientError
   * and UnisenderKeyRefusedError.
   */
  async push(work: AccountWork, key: Secret, count: CountPushed = async () => {}): Promise<boolean> {
    const listId = await this.preparation.ensureReady(work, key);
    throwIfStopping(work.signal);
    let pushed = noCounts;
    const countAndAdd: CountPushed = async (counts) => {
      await count(counts);
      pushed = addCounts(pushed, counts);
    };
    const onRefused = async () => {
      await work.lease.round.excludeAll();
      return this.preparation.replaceLost(work, key);
    };
    try {
      return await work.lease.round.run(() => this.pushRound({ work, key, listId, count: countAndAdd, onRefused }));
    } finally {
      this.reports.logRound(work.lease.accountId, pushed);
    }
  }

  private async pushRound(round: Round): Promise<boolean> {
    const { lease } = round.work;
    const plan = await this.planner.plan(round);
    if (!plan) return false;
    if (plan.removals.length === 0) lease.round.allowOthers(new Set(plan.puts.map(({ address }) => address.email)));
    await this.pushPlan(round, plan);
    lease.assertHeld();
    return true;
  }

  private async pushPlan(round: Round, { puts, removals, hasMore, plannedAtMs }: Plan): Promise<void> {
    if (removals.length > 0 && !(await this.remover.remove(round, removals))) return;
    this.reports.countPushed(removals.length);
    for (const call of chooseCalls(toPutCalls(puts), { hasMore, nowMs: plannedAtMs })) {
      if (!(await this.writer.write(round, call))) return;
      this.reports.countPushed(addressesOf(call).length);
    }
  }
}

const emailsOf = (addresses: readonly DirtyAddress[]): string[] => addresses.map(({ email }) => email);
