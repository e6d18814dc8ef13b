import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EventStore, type NewEvent } from '#database';
import { Clock } from '#domain';

const TIME_DIGITS = 9;
const COUNTER_DIGITS = 4;
const COUNTER_LIMIT = 36 ** COUNTER_DIGITS;

/** Makes ids of 26 characters. They sort by arrival within a process and never equal those of another process. */
export class EventIds {
  private lastMs = 0;
  private counter = 0;
  private readonly suffix = randomBytes(6).toString('hex');

  /** The id of an event that arrived at `nowMs` (epoch milliseconds). */
  next(nowMs: number): string {
    const isLater = nowMs > this.lastMs;
    this.counter = isLater ? 0 : this.counter + 1;
    this.lastMs = isLater ? nowMs : this.lastMs + Math.floor(this.counter / COUNTER_LIMIT);
    const time = this.lastMs.toString(36).padStart(TIME_DIGITS, '0');
    return `${time}-${(this.counter % COUNTER_LIMIT).toString(36).padStart(COUNTER_DIGITS, '0')}${this.suffix}`;
  }
}

/** An event as a webhook brings it, before it has an id. */
export type ReceivedEvent = Omit<NewEvent, 'eventId'>;

/** The hash of a value as JSON: the same for two deliveries of one change. */
export const dedupKeyOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Stores the events of a webhook in their order of arrival. */
@Injectable()
export class EventRecorder {
  private readonly ids = new EventIds();

  constructor(
    private readonly events: EventStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores the events in one statement. An event that is stored already is counted and waits again. Throws TransientError
   * `database_unavailable`.
   */
  async record(accountId: number, events: readonly ReceivedEvent[]): Promise<void> {
    await this.events.add(
      accountId,
      events.map((event) => ({ ...event, eventId: this.ids.next(this.clock.nowMs()) })),
    );
  }
}
