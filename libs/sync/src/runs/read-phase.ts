import type { Run } from '#database';
import { type ContactSnapshot, MAX_ROWS_PER_CALL } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { throwIfStopping } from '../push/account-work.js';
import type { SyncContext } from '../context.js';
import type { RunDelivery, UndeliveredPage } from './run-delivery.js';
import type { RunParts } from './run-parts.js';
import type { Phase, RunStep, StepOutcome } from './run-phase.js';
import { type RunProgress, secondRead, startOf } from './run-progress.js';

interface FetchedPage {
  readonly page: number;
  readonly contacts: readonly ContactSnapshot[];
  readonly hasNext: boolean;
  /** Epoch ms, before the call. */
  readonly askedAtMs: number;
}

/** Reads pages in order of id; the next one is fetched while the rows of this one are told. */
export class ReadPhase implements Phase {
  constructor(
    private readonly context: SyncContext,
    private readonly parts: Pick<RunParts, 'tokens' | 'pages'>,
    private readonly progress: RunProgress,
    private readonly delivery: RunDelivery,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work, untilMs } = step;
    const waiting: UndeliveredPage[] = [];
    let after = run.cursorContactId;
    let fetching = this.fetch(run, run.page + 1);
    for (;;) {
      const fetched = await fetching;
      const taken = await this.take(step, fetched, after, waiting.at(-1));
      waiting.push(taken);
      after = taken.lastId;
      const goesOn = fetched.hasNext && this.context.clock.nowMs() < untilMs;
      if (goesOn) fetching = quietly(this.fetch(run, taken.page + 1));
      if (!(await this.delivery.deliver(step, goesOn ? MAX_ROWS_PER_CALL - 1 : 0, waiting))) return 'ended';
      if (!goesOn) return fetched.hasNext ? 'later' : this.end(step);
      throwIfStopping(work.signal);
      await this.delivery.followEvents(work);
    }
  }

  private async fetch({ accountId }: Run, page: number): Promise<FetchedPage> {
    const askedAtMs = this.context.clock.nowMs();
    const fetched = await this.parts.tokens.withSession(accountId, (session) =>
      this.context.kommo.listContacts(session, { page, limit: KOMMO_PAGE_LIMIT, orderById: true }),
    );
    return { ...fetched, page, askedAtMs };
  }

  /** Brings a page into the mirror, its rows dirty since later than those of the page before. */
  private async take(
    { run, work }: RunStep,
    { page, contacts, hasNext, askedAtMs }: FetchedPage,
    after: number,
    before: UndeliveredPage | undefined,
  ): Promise<UndeliveredPage> {
    const stampMs = Math.max(this.context.clock.nowMs(), (before?.stampMs ?? 0) + 1);
    const { lastId, unchanged, invalid } = await this.parts.pages.apply(
      work,
      { snapshots: contacts, askedAtMs, after, isLast: !hasNext, runId: run.runId, runSinceMs: startOf(run) },
      stampMs,
    );
    const counts = run.pass === 1 ? { read: contacts.length, unchanged, rejected: invalid } : nothingCounted;
    return { page, lastId, stampMs, counts };
  }

  private async end({ run, work }: RunStep): Promise<StepOutcome> {
    await this.delivery.followEvents(work);
    const isReadAgain = await this.progress.hasShifted(run, startOf(run));
    const isActive = await this.progress.save(run.runId, isReadAgain ? secondRead(run) : { phase: 'verify', cursorContactId: 0 });
    return isActive ? 'next' : 'ended';
  }
}

const nothingCounted = { read: 0, unchanged: 0, rejected: 0 };

/** A fetch that is awaited later: its failure is met there, not as an unhandled rejection. */
function quietly<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
