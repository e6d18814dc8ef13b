import type { Executor, Run, RunCounts, RunPatch, Tx } from '#database';
import { AccountBlockedError, MAX_ROWS_PER_CALL, TransientError, needsConfirmation } from '#domain';
import type { ContactSnapshot, Secret } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { requireUnisenderKey } from '../account/account-sync.js';
import { type AccountWork, throwIfStopping, workOnAccount } from '../account/account-work.js';
import type { AddressTeller, TellCounts } from '../account/address-teller.js';
import type { ContactApplier } from '../account/contact-applier.js';
import type { EventApplier } from '../account/event-applier.js';
import type { ExportTask } from '../account/export-reader.js';
import type { Preparation } from '../account/preparation.js';
import { tellReady } from '../account/tell-ready.js';
import type { SyncContext } from '../context.js';
import type { Subscriptions } from '../subscriptions/subscriptions.js';
import type { TokenService } from '../tokens/token-service.js';
import { Preview } from './preview.js';

const VERIFY_CHUNK = 250;
/** A long run gives way to other accounts after this long. */
const SLICE_MS = 15_000;
/** Rows shifted while a first read went on: a second one finds what slipped by. */
const MAX_PASSES = 2;

/** What a run is made of. */
export interface RunParts {
  readonly tokens: TokenService;
  readonly subscriptions: Subscriptions;
  readonly preparation: Preparation;
  readonly events: EventApplier;
  readonly contacts: ContactApplier;
  readonly teller: AddressTeller;
}

interface FetchedPage {
  readonly contacts: readonly ContactSnapshot[];
  readonly hasNext: boolean;
  /** Epoch ms, before the call. */
  readonly askedAtMs: number;
}

/** A page that is in the mirror and whose rows may still wait for a call. */
interface UndeliveredPage {
  readonly page: number;
  readonly lastId: number;
  readonly stampMs: number;
  readonly counts: Pick<RunCounts, 'read' | 'unchanged' | 'rejected'>;
}

/** The run was cancelled while it was worked on. */
class RunEndedError extends AccountBlockedError {
  constructor() {
    super('the run was ended', { block: 'suspended' });
  }
}

/** Carries a run from its last checkpoint as far as one slice of time allows. */
export class RunWorker {
  private readonly preview: Preview;

  constructor(
    private readonly context: SyncContext,
    private readonly parts: RunParts,
  ) {
    this.preview = new Preview(context, parts.tokens);
  }

  /**
   * Works on a run; puts its next job when time is up. A run whose account is blocked fails with the reason.
   * Throws TransientError when it is to be tried again: it goes on at its checkpoint.
   */
  async continueRun(runId: string, signal: AbortSignal): Promise<void> {
    const { stores, clock, queue, logger } = this.context;
    const run = await stores.runs.find(runId);
    if (!run || run.state === 'waiting_for_confirmation') return;
    if (!(await stores.runs.transition(runId, 'running', clock.nowMs()))) return;
    try {
      const isDone = await workOnAccount(this.context, run.accountId, signal, (work) => this.work(run, work));
      if (!isDone) await queue.put({ tube: 'imports', payload: { run_id: runId, account_id: run.accountId } });
    } catch (error) {
      if (error instanceof RunEndedError) {
        // What the run left untold is told all the same.
        await queue.put({ tube: 'contacts', payload: { account_id: run.accountId } });
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      if (!(error instanceof AccountBlockedError)) {
        await stores.runs.checkpoint(runId, clock.nowMs(), isOwnHold(error) ? {} : { error: reason });
        throw error;
      }
      logger.error('a run failed', { run_id: runId, account_id: run.accountId, code: error.code });
      await stores.runs.transition(runId, 'failed', clock.nowMs(), { error: `${error.code}: ${reason}` });
    }
  }

  private async work(run: Run, work: AccountWork): Promise<boolean> {
    if (run.mode === 'preview') return this.countPreview(run, work);
    const until = this.context.clock.nowMs() + SLICE_MS;
    const key = requireUnisenderKey(work);
    let current = run;
    if (current.phase === 'prepare') await this.prepare(current, work, key);
    else await this.parts.preparation.ensureReady(work, key, { look: true });
    for (;;) {
      current = await this.reload(run.runId);
      if (current.phase === 'finish') return this.finish(current, work, key);
      const isInTime = await this.step(current, work, key, until);
      if (!isInTime) return false;
      if ((await this.reload(run.runId)).state === 'waiting_for_confirmation') return true;
    }
  }

  private async step(run: Run, work: AccountWork, key: Secret, until: number): Promise<boolean> {
    if (run.phase === 'verify') return this.verify(run, work, key, until);
    if (run.phase === 'remove') return this.remove(run, work, key);
    return this.read(run, work, key, until);
  }

  private async reload(runId: string): Promise<Run> {
    const run = await this.context.stores.runs.find(runId);
    if (!run || run.state === 'cancelled' || run.state === 'failed') throw new RunEndedError();
    return run;
  }

  private async checkpoint(
    runId: string,
    patch: RunPatch,
    counts: Partial<RunCounts> = {},
    on: Executor = this.context.database,
  ): Promise<void> {
    const { stores, clock } = this.context;
    const isRunning = await stores.runs.checkpoint(runId, clock.nowMs(), patch, counts, on);
    if (!isRunning) throw new RunEndedError();
  }

  private async prepare(run: Run, work: AccountWork, key: Secret): Promise<void> {
    await this.parts.subscriptions.ensure(run.accountId);
    const task: ExportTask = {
      taskId: run.exportTask,
      sinceMs: startOf(run),
      save: (taskId) => this.checkpoint(run.runId, { exportTask: taskId }),
    };
    await this.parts.preparation.ensureReady(work, key, { look: true, relearn: run.mode === 'reconcile', task });
    await this.checkpoint(run.runId, { phase: 'read', error: null });
  }

  /** Reads pages in order of id; the next one is fetched while the rows of this one are told. */
  private async read(run: Run, work: AccountWork, key: Secret, until: number): Promise<boolean> {
    const waiting: UndeliveredPage[] = [];
    let { page, cursorContactId: after } = run;
    let fetched = this.fetchPage(run.accountId, page + 1);
    for (;;) {
      const { contacts, hasNext, askedAtMs } = await fetched;
      const stampMs = Math.max(this.context.clock.nowMs(), (waiting.at(-1)?.stampMs ?? 0) + 1);
      const applied = await this.parts.contacts.applyPage(
        work,
        { snapshots: contacts, askedAtMs, after, isLast: !hasNext, runId: run.runId, runSinceMs: startOf(run) },
        stampMs,
      );
      page += 1;
      after = applied.lastId;
      const counts = { read: contacts.length, unchanged: applied.unchanged, rejected: applied.invalid };
      waiting.push({ page, lastId: after, stampMs, counts: run.pass === 1 ? counts : nothingCounted });
      const isTimeUp = this.context.clock.nowMs() >= until;
      if (hasNext && !isTimeUp) fetched = quietly(this.fetchPage(run.accountId, page + 1));
      await this.deliver(run, work, key, waiting, !hasNext || isTimeUp ? 0 : MAX_ROWS_PER_CALL - 1);
      if (!hasNext) return this.endRead(run, work);
      if (isTimeUp) return false;
      throwIfStopping(work.signal);
      await this.followEvents(work);
    }
  }

  private async fetchPage(accountId: number, page: number): Promise<FetchedPage> {
    const askedAtMs = this.context.clock.nowMs();
    const fetched = await this.parts.tokens.withSession(accountId, (session) =>
      this.context.kommo.listContacts(session, { page, limit: KOMMO_PAGE_LIMIT, orderById: true }),
    );
    return { ...fetched, askedAtMs };
  }

  /** Events that came meanwhile go the same way; a contact that cannot be re-read now waits for its own job. */
  private async followEvents(work: AccountWork): Promise<{ count: number }> {
    const { count, failure } = await this.parts.events.applyWaiting(work);
    if (failure !== undefined) this.context.logger.warn('some contacts could not be read again during a run', { error: failure });
    return { count };
  }

  /** Tells until at most `leave` rows wait, and moves the checkpoint to the last page of which none does. */
  private async deliver(run: Run, work: AccountWork, key: Secret, waiting: UndeliveredPage[], leave: number): Promise<void> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    let backlog = await stores.addresses.findBacklog(accountId);
    while (backlog.rows > leave) {
      await tellReady(this.parts, work, key, this.counter(run));
      await this.checkpoint(run.runId, {});
      backlog = await stores.addresses.findBacklog(accountId);
    }
    const oldest = backlog.oldestSince ?? Number.POSITIVE_INFINITY;
    const delivered = waiting.filter(({ stampMs }) => stampMs < oldest);
    waiting.splice(0, delivered.length);
    const last = delivered.at(-1);
    if (!last) return;
    await this.checkpoint(run.runId, { page: last.page, cursorContactId: last.lastId, error: null }, sumCounts(delivered));
  }

  private counter(run: Run): (tx: Tx, counts: TellCounts) => Promise<void> {
    return (tx, counts) => this.checkpoint(run.runId, {}, { ...counts }, tx);
  }

  private async endRead(run: Run, work: AccountWork): Promise<boolean> {
    await this.followEvents(work);
    if (await this.readAgain(run, startOf(run))) return true;
    await this.checkpoint(run.runId, { phase: 'verify', cursorContactId: 0 });
    return true;
  }

  /** Goes back to the first page, once, when contacts went since: whoever followed them may have slipped from a page not read to one that was. */
  private async readAgain(run: Run, sinceMs: number): Promise<boolean> {
    const hasShifted = run.pass < MAX_PASSES && (await this.context.stores.contacts.hasVanishedSince(run.accountId, sinceMs));
    if (hasShifted) await this.checkpoint(run.runId, { phase: 'read', page: 0, cursorContactId: 0, pass: run.pass + 1 });
    return hasShifted;
  }

  /** Asks Kommo for each contact that the read did not show, then decides whether a human must look first. */
  private async verify(run: Run, work: AccountWork, key: Secret, until: number): Promise<boolean> {
    const { stores, clock } = this.context;
    let after = run.cursorContactId;
    for (;;) {
      const ids = await stores.contacts.listMissing(run.accountId, run.runId, after, VERIFY_CHUNK);
      if (ids.length === 0) break;
      await this.parts.contacts.verifyMissing(work, ids);
      work.lease.assertHeld();
      after = ids.at(-1) ?? after;
      await this.checkpoint(run.runId, { cursorContactId: after });
      if (clock.nowMs() >= until) return false;
    }
    await this.deliver(run, work, key, [], 0);
    if (!(await this.waitsForConfirmation(run))) await this.checkpoint(run.runId, { phase: 'remove' });
    return true;
  }

  /** A run that waits stays in its phase: what is confirmed much later is verified anew. */
  private async waitsForConfirmation(run: Run): Promise<boolean> {
    const { stores, clock, config, logger } = this.context;
    const missing = await stores.contacts.countMissing(run.accountId, run.runId);
    const living = await stores.contacts.countLiving(run.accountId);
    if (run.confirmed || !needsConfirmation(missing, living, config.reconcileDeleteLimitPercent)) return false;
    const error = `${missing} of ${living} contacts are gone from Kommo: confirm to remove their addresses`;
    logger.warn('a run waits for confirmation', { run_id: run.runId, account_id: run.accountId, missing, living });
    return stores.runs.transition(run.runId, 'waiting_for_confirmation', clock.nowMs(), { error, cursorContactId: 0 });
  }

  private async remove(run: Run, work: AccountWork, key: Secret): Promise<boolean> {
    const { stores, clock } = this.context;
    for (;;) {
      const ids = await stores.contacts.listMissing(run.accountId, run.runId, 0, VERIFY_CHUNK);
      if (ids.length === 0) break;
      await work.lease.write((tx) => stores.contacts.bury(tx, run.accountId, ids, clock.nowMs()));
      await this.deliver(run, work, key, [], MAX_ROWS_PER_CALL - 1);
      throwIfStopping(work.signal);
    }
    await this.checkpoint(run.runId, { phase: 'finish' });
    return true;
  }

  private async finish(run: Run, work: AccountWork, key: Secret): Promise<boolean> {
    const { stores, clock } = this.context;
    const followedAtMs = clock.nowMs();
    const { count } = await this.followEvents(work);
    if (count > 0 && (await this.readAgain(run, followedAtMs))) return false;
    await this.deliver(run, work, key, [], 0);
    await stores.runs.transition(run.runId, 'completed', clock.nowMs(), { error: null });
    return true;
  }

  private async countPreview(run: Run, work: AccountWork): Promise<boolean> {
    await this.preview.count(run, work, (patch, counts) => this.checkpoint(run.runId, patch, counts));
    await this.context.stores.runs.transition(run.runId, 'completed', this.context.clock.nowMs());
    return true;
  }
}

const startOf = ({ startedAt, createdAt }: Run): number => startedAt ?? createdAt;

const nothingCounted = { read: 0, unchanged: 0, rejected: 0 };

/** Waits that are ours, not a vendor's: nothing for the operator to read. */
const isOwnHold = (error: unknown): boolean =>
  error instanceof TransientError && ['account_busy', 'account_paused', 'stopping', 'lease_lost'].includes(error.code);

/** A fetch that is awaited later: its failure is met there, not as an unhandled rejection. */
function quietly<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

const sumCounts = (pages: readonly UndeliveredPage[]): Pick<RunCounts, 'read' | 'unchanged' | 'rejected'> => ({
  read: pages.reduce((sum, { counts }) => sum + counts.read, 0),
  unchanged: pages.reduce((sum, { counts }) => sum + counts.unchanged, 0),
  rejected: pages.reduce((sum, { counts }) => sum + counts.rejected, 0),
});
