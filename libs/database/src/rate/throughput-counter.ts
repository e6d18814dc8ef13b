import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Clock, Logger } from '#domain';
import type { ThroughputName } from '../entities/throughput.entity.js';
import { SPAN_MS, ThroughputStore } from '../stores/throughput.store.js';

/** Counts what this process does, and adds it to the database every ten seconds. It never delays or fails the work that it counts. */
@Injectable()
export class ThroughputCounter implements BeforeApplicationShutdown {
  private totals = new Map<ThroughputName, number>();
  private readonly stopping = new AbortController();
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly store: ThroughputStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Adds to a counter. */
  count(name: ThroughputName, amount = 1): void {
    if (amount === 0 || this.stopping.signal.aborted) return;
    this.totals.set(name, (this.totals.get(name) ?? 0) + amount);
    this.flushing ??= this.flushLater();
  }

  /** Adds the last counts to the database. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.flushing;
  }

  /** Waits until the present span has ended. */
  private async flushLater(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const beganAt = nowMs - (nowMs % SPAN_MS);
    await this.clock.sleep(beganAt + SPAN_MS - nowMs, this.stopping.signal).catch(() => {});
    const { totals } = this;
    this.totals = new Map();
    this.flushing = undefined;
    await this.store.add(beganAt, totals).catch((error: unknown) => this.logger.debug('throughput not stored', { error }));
  }
}
