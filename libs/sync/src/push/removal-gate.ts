import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AccountStore, Database, type PlannedScope, RemovalStore, RunStore } from '#database';
import { type AddressRecord, type DirtyCause, type RemovalMark, isUncountedCause, needsConfirmation } from '#domain';
import { RunTransitions } from '../runs/run-transitions.js';

/** What planned the removals: a run, which looked at everything, or re-reads of single contacts. */
export type RemovalDecision = { readonly cause: 'run'; readonly runId: string } | { readonly cause: 'reread' };

/** What became of the planned removals. */
export interface DecidedRemovals {
  readonly outcome: 'none' | 'approved' | 'held';
  readonly count: number;
  /** The run whose confirmation they wait for. */
  readonly runId?: string;
}

/** What the gate must know of an address to remove. */
export type RemovalCandidate = Pick<AddressRecord, 'email'> & {
  readonly dirtyCause: DirtyCause | null;
  readonly removal: RemovalMark | null;
  /** The run that must delete contacts, or be confirmed, before the removal passes. */
  readonly removalRunId: string | null;
};

/** Contacts to delete, and how. */
export interface ContactDeletion {
  readonly contactIds: readonly number[];
  readonly markDeleted: () => Promise<void>;
}

/** Planned removals that are counted. */
interface Decided {
  readonly scope: PlannedScope;
  readonly count: number;
  readonly runId?: string;
}

const SAMPLES = 20;
const NO_RUN = '';

/** Knows the limit of an account, and makes runs wait for a confirmation. */
@Injectable()
export class WaitingRuns {
  constructor(
    private readonly accounts: AccountStore,
    private readonly removals: RemovalStore,
    private readonly runs: RunStore,
    private readonly transitions: RunTransitions,
    private readonly config: Config,
  ) {}

  /** Whether so many of the present addresses may be removed only after a confirmation. */
  async mustWait(accountId: number, removals: number, present: number): Promise<boolean> {
    const account = await this.accounts.find(accountId);
    const limitPercent = account?.settings.removalLimitPercent ?? this.config.reconcileDeleteLimitPercent;
    return needsConfirmation({ removals, present, limitPercent });
  }

  /** Creates a run that has nothing to read: it removes what it holds once it is confirmed. Returns its id. */
  async create(accountId: number): Promise<string> {
    const runId = randomUUID();
    await this.runs.createInactive({ runId, accountId, mode: 'reconcile', trigger: 'reread', totalEstimate: null });
    return runId;
  }

  /** Cancels a run that waits, because a newer decision counts what it held. */
  async supersede(runId: string): Promise<void> {
    await this.transitions.cancel(runId, 'superseded');
  }

  /** Makes the run wait. Does nothing to a run that was ended meanwhile: its removals are planned anew. */
  async awaitConfirmation(accountId: number, runId: string, planned: { readonly count: number; readonly samples: readonly string[] }) {
    if (!(await this.transitions.awaitConfirmation({ runId, accountId }, planned))) await this.removals.release(accountId, runId);
  }
}

/**
 * Decides before any removal from Unisender. Removals that a webhook or the operator asked for pass at once. All others are counted
 * before the first of them; too many wait for the confirmation of a run.
 */
@Injectable()
export class RemovalGate {
  constructor(
    private readonly database: Database,
    private readonly removals: RemovalStore,
    private readonly runs: RunStore,
    private readonly waitingRuns: WaitingRuns,
  ) {}

  /**
   * Whether the removal may be pushed now. One that may not is to be set aside. One that is planned or held waits for its decision, and an
   * approved one of a run for the deletion of its contacts.
   */
  isAdmitted({ dirtyCause, removal, removalRunId }: RemovalCandidate): boolean {
    return removal === null ? isUncountedCause(dirtyCause) : removal === 'approved' && removalRunId === null;
  }

  /** Takes removals out of the push queue until they are decided. Call it inside a transaction. */
  async setAside(accountId: number, removals: readonly RemovalCandidate[]): Promise<void> {
    await this.removals.setAside(
      accountId,
      removals.map(({ email }) => email),
    );
  }

  /** Plans the removal of addresses whose contacts are all missing from the run's read. Call it inside a transaction. */
  async planMissing(accountId: number, runId: string, contactIds: readonly number[]): Promise<void> {
    await this.removals.planMissing(accountId, runId, contactIds);
  }

  /**
   * Counts the planned removals, and approves them or makes them wait for a confirmation. A run looked at everything: it counts
   * what every earlier decision left, and runs that still wait are cancelled as superseded.
   */
  async planRemovals(accountId: number, decision: RemovalDecision): Promise<DecidedRemovals> {
    if (decision.cause === 'reread' && !(await this.removals.hasPlannedRereads(accountId))) return { outcome: 'none', count: 0 };
    return this.database.transaction(async () => {
      await this.removals.lock(accountId);
      await this.removals.releaseEnded(accountId);
      return decision.cause === 'reread' ? this.decideRereads(accountId) : this.decideAll(accountId, decision.runId);
    });
  }

  /** Lets the removals pass that the confirmed run is about. They are checked again when they are pushed. */
  async approveRemovals(accountId: number, runId: string): Promise<void> {
    await this.database.transaction(async () => {
      await this.removals.lock(accountId);
      await this.removals.approveHeld(accountId, runId);
    });
  }

  /**
   * Runs `markDeleted`, which deletes these contacts for the run. Then the removals that were approved for it pass: an approval is never
   * older than the deletion. Call it inside a transaction.
   */
  async passRemovals(accountId: number, runId: string, { contactIds, markDeleted }: ContactDeletion): Promise<void> {
    const approved = await this.removals.listApproved(accountId, runId, contactIds);
    await markDeleted();
    await this.removals.pass(accountId, runId, approved);
  }

  private async decideAll(accountId: number, runId: string): Promise<DecidedRemovals> {
    for (const waiting of await this.runs.listWaiting(accountId)) {
      if (waiting.runId !== runId) await this.waitingRuns.supersede(waiting.runId);
    }
    await this.removals.forgetHeldByContacts(accountId, { scope: 'all', runId });
    const count = await this.removals.countPlanned(accountId, 'all');
    if (count === 0) return { outcome: 'none', count };
    if (await this.mustWait(accountId, count)) return this.hold(accountId, { runId, scope: 'all', count });
    return this.approve(accountId, { runId, scope: 'all', count });
  }

  /** While a run waits, further removals above the limit stay planned for the next run. */
  private async decideRereads(accountId: number): Promise<DecidedRemovals> {
    await this.removals.forgetHeldByContacts(accountId, { scope: 'rereads', runId: NO_RUN });
    const count = await this.removals.countPlanned(accountId, 'rereads');
    if (count === 0) return { outcome: 'none', count };
    const held = await this.removals.countHeldRereads(accountId);
    if (await this.mustWait(accountId, count + held)) {
      const [waiting] = await this.runs.listWaiting(accountId);
      if (waiting) return { outcome: 'held', count, runId: waiting.runId };
      return this.hold(accountId, { runId: await this.waitingRuns.create(accountId), scope: 'rereads', count });
    }
    return this.approve(accountId, { scope: 'rereads', count });
  }

  /** What was approved in the last hour without a confirmation counts too: several small decisions are one large removal. */
  private async mustWait(accountId: number, removals: number): Promise<boolean> {
    const earlier = await this.removals.findCounted(accountId);
    const undecided = await this.removals.countUndecided(accountId);
    return this.waitingRuns.mustWait(accountId, removals + earlier, undecided + earlier);
  }

  private async approve(accountId: number, { scope, count, runId }: Decided): Promise<DecidedRemovals> {
    await this.removals.addCounted(accountId, count);
    await this.removals.approvePlanned(accountId, scope, runId);
    return { outcome: 'approved', count };
  }

  private async hold(accountId: number, { scope, count, runId }: Decided & { readonly runId: string }): Promise<DecidedRemovals> {
    await this.removals.hold(accountId, runId, scope);
    const samples = await this.removals.listHeld(accountId, runId, SAMPLES);
    await this.waitingRuns.awaitConfirmation(accountId, runId, { count, samples });
    return { outcome: 'held', count, runId };
  }
}
