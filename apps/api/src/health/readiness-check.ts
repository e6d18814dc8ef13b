import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { Clock } from '#domain';
import { QueueClient } from '#queue';
import type { ReadinessResponse } from './health-responses.js';

type State = ReadinessResponse['checks']['database'];
type Migrations = ReadinessResponse['checks']['migrations'];

/** Probes, which anyone may send, ask database and queue once in this time. */
const KEPT_MS = 1_000;

const toState = (isUp: boolean): State => (isUp ? 'up' : 'down');

/** Checks whether this process can serve: the database reads and writes, the queue responds, and the schema is current. */
@Injectable()
export class ReadinessCheck {
  private last: Promise<ReadinessResponse> | undefined;
  private startedMs = 0;

  constructor(
    private readonly database: Database,
    private readonly queue: QueueClient,
    private readonly clock: Clock,
  ) {}

  /** Asks database and queue, at most once a second. Never throws. */
  run(): Promise<ReadinessResponse> {
    const nowMs = this.clock.nowMs();
    if (!this.last || nowMs - this.startedMs >= KEPT_MS) {
      this.startedMs = nowMs;
      this.last = this.check();
    }
    return this.last;
  }

  private async check(): Promise<ReadinessResponse> {
    const [isDatabaseUp, isQueueUp] = await Promise.all([this.database.isReady(), this.queue.isReady()]);
    const migrations = isDatabaseUp ? await this.checkMigrations() : 'unknown';
    const canWrite = isDatabaseUp && (migrations !== 'done' || (await this.database.probeWrite()));
    return {
      status: canWrite && isQueueUp && migrations === 'done' ? 'ready' : 'not_ready',
      checks: { database: toState(canWrite), migrations, queue: toState(isQueueUp) },
    };
  }

  private async checkMigrations(): Promise<Migrations> {
    try {
      return (await this.database.pendingMigrations()).length === 0 ? 'done' : 'pending';
    } catch {
      return 'unknown';
    }
  }
}
