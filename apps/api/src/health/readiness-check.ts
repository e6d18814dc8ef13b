import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { Clock } from '#domain';
import { QueueClient } from '#queue';

type State = 'up' | 'down';
type Migrations = 'done' | 'pending' | 'unknown';

export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: { readonly database: State; readonly migrations: Migrations; readonly queue: State };
}

/** Probes, which anyone may send, ask database and queue once in this time. */
const KEPT_MS = 1_000;

const toState = (isUp: boolean): State => (isUp ? 'up' : 'down');

/** Checks whether this process can serve: the database reads and writes, the queue responds, and the schema is current. */
@Injectable()
export class ReadinessCheck {
  private last: Promise<Readiness> | undefined;
  private startedMs = 0;

  constructor(
    private readonly database: Database,
    private readonly queue: QueueClient,
    private readonly clock: Clock,
  ) {}

  /** Asks database and queue, at most once a second. Never throws. */
  run(): Promise<Readiness> {
    const nowMs = this.clock.nowMs();
    if (!this.last || nowMs - this.startedMs >= KEPT_MS) {
      this.startedMs = nowMs;
      this.last = this.check();
    }
    return this.last;
  }

  private async check(): Promise<Readiness> {
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
