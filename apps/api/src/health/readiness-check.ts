import { Injectable } from '@nestjs/common';
import { Database } from '#database';
import { QueueClient } from '#queue';

type State = 'up' | 'down';
type Migrations = 'done' | 'pending' | 'unknown';

export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  readonly checks: { readonly database: State; readonly migrations: Migrations; readonly queue: State };
}

const toState = (isUp: boolean): State => (isUp ? 'up' : 'down');

/** Checks whether this process can serve: database and queue respond, and the schema is current. */
@Injectable()
export class ReadinessCheck {
  constructor(
    private readonly database: Database,
    private readonly queue: QueueClient,
  ) {}

  /** Asks database and queue. Never throws. */
  async run(): Promise<Readiness> {
    const [isDatabaseUp, isQueueUp] = await Promise.all([this.database.isReady(), this.queue.isReady()]);
    const migrations = isDatabaseUp ? await this.checkMigrations() : 'unknown';
    return {
      status: isDatabaseUp && isQueueUp && migrations === 'done' ? 'ready' : 'not_ready',
      checks: { database: toState(isDatabaseUp), migrations, queue: toState(isQueueUp) },
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
