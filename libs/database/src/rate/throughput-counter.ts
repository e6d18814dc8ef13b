import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Clock, type JobAttempt, Logger, type VendorCall, WorkMeter } from '#domain';
import type { ThroughputName } from '../entities/throughput.entity.js';
import type { WorkTotalEntity } from '../entities/work-total.entity.js';
import { SPAN_MS, ThroughputStore } from '../stores/throughput.store.js';

const MAX_LABEL_LENGTH = 50;

const toLabel = (text: string) => text.replaceAll('|', '').slice(0, MAX_LABEL_LENGTH);

/** Counts what this process does, and adds it to the database every ten seconds. It never delays or fails the work that it counts. */
@Injectable()
export class ThroughputCounter extends WorkMeter implements BeforeApplicationShutdown {
  private totals = new Map<ThroughputName, number>();
  private work = new Map<string, WorkTotalEntity>();
  private readonly stopping = new AbortController();
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly store: ThroughputStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    super();
  }

  /** Adds to a counter. */
  count(name: ThroughputName, amount = 1): void {
    if (amount === 0 || this.stopping.signal.aborted) return;
    this.totals.set(name, (this.totals.get(name) ?? 0) + amount);
    this.flushing ??= this.flushLater();
  }

  override countCall({ vendor, method, code, durationMs }: VendorCall): void {
    this.countWork('call', [vendor, method, code], durationMs);
  }

  override countJob({ tube, outcome, durationMs }: JobAttempt): void {
    this.countWork('job', [tube, outcome], durationMs);
  }

  /** Adds the last counts to the database. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.flushing;
  }

  private countWork(kind: WorkTotalEntity['kind'], names: readonly string[], lastedMs: number): void {
    if (this.stopping.signal.aborted) return;
    const labels = names.map(toLabel).join('|');
    const key = `${kind}|${labels}`;
    const { total, durationMs } = this.work.get(key) ?? { total: 0, durationMs: 0 };
    this.work.set(key, { kind, labels, total: total + 1, durationMs: durationMs + Math.max(0, Math.round(lastedMs)) });
    this.flushing ??= this.flushLater();
  }

  /** Waits until the present span has ended. */
  private async flushLater(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const beganAt = nowMs - (nowMs % SPAN_MS);
    await this.clock.sleep(beganAt + SPAN_MS - nowMs, this.stopping.signal).catch(() => {});
    const { totals, work } = this;
    this.totals = new Map();
    this.work = new Map();
    this.flushing = undefined;
    await this.store
      .add(beganAt, totals, [...work.values()])
      .catch((error: unknown) => this.logger.debug('throughput not stored', { error }));
  }
}
