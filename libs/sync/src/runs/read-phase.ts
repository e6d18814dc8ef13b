import { Injectable } from '@nestjs/common';
import type { RunEntity } from '#database';
import { Clock } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { type ContactPage, ContactReader } from '../intake/contact-reader.js';
import { throwIfStopping } from '../push/account-work.js';
import { PageApplier } from './page-applier.js';
import { ESTIMATE_AFTER_PAGE, type Phase, RunProgress, type RunStep, type StepOutcome, secondRead, startOf } from './run-progress.js';
import { PagePushes, RunPusher, type UnpushedPage, ignoreRejectionUntilAwaited } from './run-pusher.js';

interface FetchedPage extends ContactPage {
  readonly page: number;
  /** Epoch milliseconds, before the call. */
  readonly askedAtMs: number;
}

const noCounts = { read: 0, unchanged: 0, rejected: 0 };

/**
 * Reads all pages of contacts in order of id. A page is written into the mirror while the next one is fetched and the rows of the last ones
 * are pushed.
 */
@Injectable()
export class ReadPhase implements Phase {
  constructor(
    private readonly reader: ContactReader,
    private readonly pages: PageApplier,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
    private readonly clock: Clock,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const pushes = new PagePushes(this.pusher, step);
    try {
      return await this.readPages(step, pushes);
    } catch (error) {
      // A push may have failed for a reason that the account must show.
      throw (await pushes.waitForEnd()) ?? error;
    }
  }

  private async readPages(step: RunStep, pushes: PagePushes): Promise<StepOutcome> {
    const { run, work } = step;
    let applied: Pick<UnpushedPage, 'page' | 'lastId' | 'stampMs'> = { page: run.page, lastId: run.cursorContactId, stampMs: 0 };
    let fetching = this.fetch(run, applied.page + 1);
    for (;;) {
      const fetched = await fetching;
      const goesOn = fetched.hasNext && !step.isTimeUp();
      if (goesOn) fetching = ignoreRejectionUntilAwaited(this.fetch(run, fetched.page + 1));
      const page = await this.apply(step, fetched, applied);
      applied = page;
      if (!goesOn) {
        if (!(await pushes.pushAll(page))) return 'ended';
        return fetched.hasNext ? 'later' : this.end(step);
      }
      if (page.page === ESTIMATE_AFTER_PAGE) await this.estimateTotal(run);
      throwIfStopping(work.signal);
      if (!(await pushes.add(page))) return 'ended';
    }
  }

  private async fetch({ accountId }: RunEntity, page: number): Promise<FetchedPage> {
    const askedAtMs = this.clock.nowMs();
    return { ...(await this.reader.readPage(accountId, page)), page, askedAtMs };
  }

  /** Writes a page into the mirror. Its rows get a later time than those of the page before. */
  private async apply(
    { run, work }: RunStep,
    { page, contacts, hasNext, askedAtMs }: FetchedPage,
    before: Pick<UnpushedPage, 'lastId' | 'stampMs'>,
  ): Promise<UnpushedPage> {
    const stampMs = Math.max(this.clock.nowMs(), before.stampMs + 1);
    const { lastId, unchanged, invalid } = await this.pages.apply(
      work,
      { snapshots: contacts, askedAtMs, after: before.lastId, isLast: !hasNext, runId: run.runId, runSinceMs: startOf(run) },
      stampMs,
    );
    const counts = run.pass === 1 ? { read: contacts.length, unchanged, rejected: invalid } : noCounts;
    return { page, lastId, stampMs, counts };
  }

  /** Estimates the contacts of an account of which the mirror had none when the run was created. */
  private async estimateTotal({ runId, accountId, totalEstimate }: RunEntity): Promise<void> {
    if (totalEstimate !== null) return;
    const estimate = await this.reader.estimateTotal(accountId, ESTIMATE_AFTER_PAGE * KOMMO_PAGE_LIMIT + 1);
    if (estimate !== undefined) await this.progress.save(runId, { totalEstimate: estimate });
  }

  private async end({ run, work }: RunStep): Promise<StepOutcome> {
    await this.pusher.applyEvents(work);
    const isReadAgain = await this.progress.needsSecondRead(run, startOf(run));
    const isSaved = await this.progress.save(run.runId, isReadAgain ? secondRead(run) : { phase: 'verify', cursorContactId: 0 });
    return isSaved ? 'next' : 'ended';
  }
}
