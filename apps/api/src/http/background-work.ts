import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DeadlineError, withDeadline } from '#clock';
import type { Clock, Logger } from '#domain';
import { CLOCK, LOGGER } from '../parts.js';

/** Work whose caller could not wait. A stop of the service lets it finish. */
@Injectable()
export class BackgroundWork implements OnApplicationShutdown {
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What `work` gives, or undefined after `limitMs`: then it goes on by itself, and its failure is only logged. */
  async waitFor<T>(work: Promise<T>, limitMs: number, what: string): Promise<T | undefined> {
    const late = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
    try {
      return await withDeadline(this.clock, limitMs, (signal) => Promise.race([work, late(signal)]));
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.keep(work, what);
      return undefined;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private keep(work: Promise<unknown>, what: string): void {
    const kept = work
      .catch((error: unknown) => this.logger.warn(`${what} failed in the background`, { error }))
      .finally(() => this.running.delete(kept));
    this.running.add(kept);
  }
}
