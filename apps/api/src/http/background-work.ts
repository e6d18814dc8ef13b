import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, Logger } from '#domain';
import { DeadlineError, withDeadline } from '#clock';

/** Continues work after the response to its request. A shutdown waits for that work. */
@Injectable()
export class BackgroundWork implements OnApplicationShutdown {
  private readonly running = new Set<Promise<unknown>>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Returns the result of `work`, or undefined after `limitMs`. Then `work` continues, and a failure is logged with the name `what`. */
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
