import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AuditStore, EventStore, FailureStore, PauseStore, RateSlotStore, RunStore } from '#database';
import { Clock } from '#domain';

const DAY_MS = 24 * 3_600_000;
const BATCH = 2_000;

/** A store that deletes up to `limit` rows older than `beforeMs` and returns how many. */
type Purge = (beforeMs: number, limit: number) => Promise<number>;

async function deleteAll(purge: Purge, beforeMs: number): Promise<void> {
  while ((await purge(beforeMs, BATCH)) === BATCH);
}

/** Deletes old runs, buried jobs and refused events. */
@Injectable()
export class HistoryRetention {
  constructor(
    private readonly runs: RunStore,
    private readonly failures: FailureStore,
    private readonly events: EventStore,
  ) {}

  /** Deletes what is older than `beforeMs`, in batches. */
  async deleteBefore(beforeMs: number): Promise<void> {
    await deleteAll((before, limit) => this.runs.purge(before, limit), beforeMs);
    await deleteAll((before, limit) => this.failures.purge(before, limit), beforeMs);
    await deleteAll((before, limit) => this.events.purgeRefused(before, limit), beforeMs);
  }
}

/** Deletes ended pauses and unused slots of request limits: accounts and keys come and go. */
@Injectable()
export class LimitRetention {
  constructor(
    private readonly slots: RateSlotStore,
    private readonly pauses: PauseStore,
  ) {}

  /** Deletes what has not been used for `forMs`, by the database's clock. */
  async deleteUnused(forMs: number): Promise<void> {
    const beforeMs = (await this.pauses.nowMs()) - forMs;
    await this.slots.purge(beforeMs);
    await this.pauses.purge(beforeMs);
  }
}

/** Deletes old history, audit entries, pauses and slots. The sweep deletes applied events; the cleanup after an uninstall deletes accounts. */
@Injectable()
export class Retention {
  constructor(
    private readonly history: HistoryRetention,
    private readonly limits: LimitRetention,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Deletes in batches, each in its own transaction. Safe to interrupt and to repeat. */
  async run(): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.history.deleteBefore(nowMs - this.config.historyKeepDays * DAY_MS);
    await deleteAll((before, limit) => this.audit.purge(before, limit), nowMs - this.config.auditKeepDays * DAY_MS);
    await this.limits.deleteUnused(DAY_MS);
  }
}
