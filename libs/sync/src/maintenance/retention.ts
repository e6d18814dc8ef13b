import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { AuditStore, EventStore, FailureStore, PauseStore, RateSlotStore, RunStore } from '#database';
import { Clock } from '#domain';
import { MirrorRetention } from './mirror-retention.js';

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
    private readonly audit: AuditStore,
  ) {}

  /** Deletes what is older than `beforeMs`, in batches. */
  async deleteBefore(beforeMs: number): Promise<void> {
    await deleteAll((before, limit) => this.runs.purge(before, limit), beforeMs);
    await deleteAll((before, limit) => this.failures.purge(before, limit), beforeMs);
    await deleteAll((before, limit) => this.events.purgeRefused(before, limit), beforeMs);
  }

  /** Deletes the audit entries that are older than `beforeMs`, in batches. */
  async deleteAuditBefore(beforeMs: number): Promise<void> {
    await deleteAll((before, limit) => this.audit.purge(before, limit), beforeMs);
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

/** Deletes old history, rows of the mirror that are not needed, audit entries, pauses and slots. The sweep deletes applied events; the cleanup after an uninstall deletes accounts. */
@Injectable()
export class Retention {
  constructor(
    private readonly history: HistoryRetention,
    private readonly limits: LimitRetention,
    private readonly mirror: MirrorRetention,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Deletes in batches, each in its own transaction. Safe to interrupt and to repeat. */
  async run(): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.history.deleteBefore(nowMs - this.config.historyKeepDays * DAY_MS);
    await this.history.deleteAuditBefore(nowMs - this.config.auditKeepDays * DAY_MS);
    await this.limits.deleteUnused(DAY_MS);
    await this.mirror.run();
  }
}
