import { hash, randomBytes } from 'node:crypto';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type AccountEvent, EventStore, type NewEvent } from '#database';
import { Clock, Logger, TransientError } from '#domain';

const TIME_DIGITS = 9;
const COUNTER_DIGITS = 4;
const COUNTER_LIMIT = 36 ** COUNTER_DIGITS;

/** Makes ids of 26 characters. They sort by arrival within a process and never equal those of another process. */
export class EventIds {
  private lastMs = -1;
  private lastTime = '';
  private counter = 0;
  private readonly suffix = randomBytes(6).toString('hex');

  /** The id of an event that arrived at `nowMs` (epoch milliseconds). */
  next(nowMs: number): string {
    this.counter += 1;
    if (nowMs > this.lastMs) this.startAt(nowMs);
    else if (this.counter === COUNTER_LIMIT) this.startAt(this.lastMs + 1);
    return `${this.lastTime}-${this.counter.toString(36).padStart(COUNTER_DIGITS, '0')}${this.suffix}`;
  }

  private startAt(ms: number): void {
    this.lastMs = ms;
    this.lastTime = ms.toString(36).padStart(TIME_DIGITS, '0');
    this.counter = 0;
  }
}

/** An event as a webhook brings it, before it has an id. */
export type ReceivedEvent = Omit<NewEvent, 'eventId'>;

/** The hash of a value as JSON: the same for two deliveries of one change. */
export const dedupKeyOf = (value: unknown): string => hash('sha256', JSON.stringify(value));

/** The events of one webhook, and the promise of its caller. */
interface Recording {
  readonly events: readonly AccountEvent[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A batch with more events or more text takes more than one statement. */
const MAX_BATCH_EVENTS = 1_000;
const MAX_BATCH_CHARACTERS = 1_000_000;

/** So many webhooks arrive during one statement only when there are many, or when the statement waits for a lock. */
const BURST_WEBHOOKS = 4;
const ANNOUNCED_EVERY_MS = 100;
const ANNOUNCED_FOR_MS = 500;

const charactersOf = ({ events }: Recording): number => events.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0);

/** The same order in every process, so that two of them lock rows in the same order. The order within an account and key stays. */
const byKey = (a: AccountEvent, b: AccountEvent): number =>
  a.accountId - b.accountId || (a.dedupKey < b.dedupKey ? -1 : Number(a.dedupKey > b.dedupKey));

/** Stores the events of webhooks in their order of arrival. */
@Injectable()
export class EventRecorder {
  private readonly ids = new EventIds();
  private readonly waiting: Recording[] = [];
  private isStoring = false;
  private announcedAtMs = 0;

  constructor(
    private readonly events: EventStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Stores the events in one statement. An event that is stored already is counted and waits again. Throws TransientError
   * `database_unavailable`.
   */
  async record(accountId: number, events: readonly ReceivedEvent[]): Promise<void> {
    await this.events.addOfAccounts(this.withIds(accountId, events));
  }

  /**
   * As `record`, outside a transaction: calls of one turn of the event loop, and calls while an earlier statement runs, share one
   * statement and so one commit. The promise resolves after that commit. Events that the database refuses fail only their own call.
   */
  async recordTogether(accountId: number, events: readonly ReceivedEvent[]): Promise<void> {
    if (events.length === 0) return;
    const recorded = new Promise<void>((resolve, reject) => {
      this.waiting.push({ events: this.withIds(accountId, events), resolve, reject });
    });
    await Promise.all([recorded, this.isStoring ? undefined : this.storeNext()]);
  }

  private withIds(accountId: number, events: readonly ReceivedEvent[]): AccountEvent[] {
    return events.map((event) => ({ ...event, accountId, eventId: this.ids.next(this.clock.nowMs()) }));
  }

  /** Stores one batch. Afterwards what came meanwhile is stored. Never throws. */
  private async storeNext(): Promise<void> {
    this.isStoring = true;
    // All sockets of this turn are read before it continues.
    await endOfTurn();
    await this.store(this.takeBatch());
    // Not awaited: what is stored has its response, and the next batch waits for nothing else.
    void this.announceBurst();
    this.isStoring = this.waiting.length > 0;
    if (this.isStoring) void this.storeNext();
  }

  /**
   * Lets work on accounts pause in all processes, while it holds the processor or the database and so many webhooks wait. Their rate would
   * be no sign: it is low then. Never throws.
   */
  private async announceBurst(): Promise<void> {
    const nowMs = this.clock.nowMs();
    if (this.waiting.length < BURST_WEBHOOKS || Math.abs(nowMs - this.announcedAtMs) < ANNOUNCED_EVERY_MS) return;
    this.announcedAtMs = nowMs;
    await this.events.announceBurst(ANNOUNCED_FOR_MS).catch((error: unknown) => this.logger.warn('burst not announced', { error }));
  }

  private takeBatch(): Recording[] {
    let [count, events, characters] = [0, 0, 0];
    for (const recording of this.waiting) {
      events += recording.events.length;
      characters += charactersOf(recording);
      if (count > 0 && (events > MAX_BATCH_EVENTS || characters > MAX_BATCH_CHARACTERS)) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  /** An error that may be caused by the events of one recording makes each of them a statement of its own. */
  private async store(batch: readonly Recording[]): Promise<void> {
    try {
      await this.events.addOfAccounts(batch.flatMap(({ events }) => events).sort(byKey));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length === 1 || error instanceof TransientError) for (const { reject } of batch) reject(error);
      else for (const recording of batch) await this.store([recording]);
    }
  }
}
