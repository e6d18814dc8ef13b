import { Injectable } from '@nestjs/common';
import { AuthStateStore, EventStore } from '#database';
import { Clock } from '#domain';

const KEEP_SETTLED_EVENTS_MS = 7 * 24 * 3_600_000;
const PURGE_ROWS = 2_000;
/** The longest purge of one round. The next round continues. */
const MAX_ROUND_MS = 10_000;

/** Deletes rows that the service does not need any more. */
@Injectable()
export class ExpiredRows {
  constructor(
    private readonly events: EventStore,
    private readonly authStates: AuthStateStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Deletes applied events after a week and expired OAuth states, for at most ten seconds: faster than webhooks bring new events.
   * Throws TransientError when the database is unavailable.
   */
  async purge(): Promise<void> {
    const startedAt = this.clock.nowMs();
    while (this.clock.nowMs() - startedAt < MAX_ROUND_MS) {
      const purged = await this.events.purge(startedAt - KEEP_SETTLED_EVENTS_MS, PURGE_ROWS);
      if (purged < PURGE_ROWS) break;
    }
    await this.authStates.purge();
  }
}
