import { MAX_ROWS_PER_CALL } from '#domain';
import type { RunStep } from './run-progress.js';
import type { RunPusher, UnpushedPage } from './run-pusher.js';

/** So many pages are written into the mirror while a push runs. They have the rows of the next call. */
const MAX_PAGES_AHEAD = 2;

/** Pushes the pages of a run's read in the background, one push at a time. Live events are applied between two pushes. */
export class PagePushes {
  private pages: UnpushedPage[] = [];
  private isRunning = false;
  /** The pages that the last push left, or undefined when it found the run ended. */
  private left: Promise<readonly UnpushedPage[] | undefined> = Promise.resolve([]);

  constructor(
    private readonly pusher: RunPusher,
    private readonly step: RunStep,
  ) {}

  /**
   * Adds a page that is in the mirror. Returns at once while a push runs, unless too many pages wait for it. Returns false when the run has
   * ended. Throws what a push has thrown.
   */
  async add(page: UnpushedPage): Promise<boolean> {
    this.pages.push(page);
    if (this.isRunning && this.pages.length < MAX_PAGES_AHEAD) return true;
    if (!(await this.takeLeft())) return false;
    await this.pusher.applyEvents(this.step.work);
    this.left = ignoreRejectionUntilAwaited(this.push(this.pages.splice(0)));
    return true;
  }

  /** Pushes every row that is left, also those of this last page. Returns false when the run has ended. */
  async pushAll(page: UnpushedPage): Promise<boolean> {
    this.pages.push(page);
    return (await this.takeLeft()) && (await this.pusher.push(this.step, 0, this.pages)) !== undefined;
  }

  /** Resolves when no push runs, whatever came of it. Call it before the work ends. */
  async waitForEnd(): Promise<void> {
    await this.left.catch(() => {});
  }

  private async push(pages: readonly UnpushedPage[]): Promise<readonly UnpushedPage[] | undefined> {
    this.isRunning = true;
    return this.pusher.push(this.step, MAX_ROWS_PER_CALL - 1, pages).finally(() => {
      this.isRunning = false;
    });
  }

  /** Puts the pages that the last push left before the others. */
  private async takeLeft(): Promise<boolean> {
    const left = await this.left;
    if (!left) return false;
    this.pages.unshift(...left);
    this.left = Promise.resolve([]);
    return true;
  }
}

/** Keeps a failure that happens before the promise is awaited from ending the process. */
export function ignoreRejectionUntilAwaited<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
