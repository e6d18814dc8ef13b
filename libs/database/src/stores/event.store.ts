import { type Clock, groupBy } from '#domain';
import type { Database } from '../database.js';
import { executeIn, upsertRows } from '../sql.js';

/** Who told. */
export type EventSource = 'kommo' | 'unisender';

/** `waiting` for a worker; `applied` to the mirror; `ignored` because known or old; `unreadable` or `refused` with a reason for the operator. */
export type EventState = 'waiting' | 'applied' | 'ignored' | 'unreadable' | 'refused';

/** An event as it comes in. */
export interface NewEvent {
  /** Sorts by arrival. */
  readonly eventId: string;
  readonly source: EventSource;
  readonly action: string;
  readonly contactId: number | null;
  /** JSON; null where nothing is to be applied. */
  readonly payload: string | null;
  /** Equal for deliveries of the same change. */
  readonly dedupKey: string;
  readonly state: Extract<EventState, 'waiting' | 'unreadable' | 'refused'>;
  readonly reason: string | null;
}

/** An event that is to be applied. `receivedAt` in epoch milliseconds. */
export interface WaitingEvent {
  readonly eventId: string;
  readonly source: EventSource;
  readonly action: string;
  readonly contactId: number | null;
  readonly payload: string;
  readonly deliveries: number;
  readonly receivedAt: number;
}

/** An event as the operator sees it; its payload stays inside. */
export interface EventView {
  readonly eventId: string;
  readonly source: EventSource;
  readonly action: string;
  readonly contactId: number | null;
  readonly state: EventState;
  readonly reason: string | null;
  readonly deliveries: number;
  readonly receivedAt: number;
  readonly appliedAt: number | null;
}

/** What became of a waiting event. */
export interface SettledEvent {
  readonly eventId: string;
  /** As it was read: another delivery meanwhile keeps the event waiting. */
  readonly deliveries: number;
  readonly state: Extract<EventState, 'applied' | 'ignored' | 'unreadable'>;
  readonly reason: string | null;
}

interface EventRow {
  event_id: string;
  source: EventSource;
  action: string;
  contact_id: number | null;
  state: EventState;
  reason: string | null;
  payload: string | null;
  deliveries: number;
  received_at: number;
  applied_at: number | null;
}

/** The inbox: what the vendors told us, kept until it is applied and a while longer. */
export class EventStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Stores events in one atomic statement. A change that was delivered before is counted, and waits again: applying it twice changes nothing. */
  async add(accountId: number, events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      table: 'events',
      columns: [
        'account_id',
        'event_id',
        'source',
        'action',
        'contact_id',
        'payload',
        'dedup_key',
        'state',
        'reason',
        'deliveries',
        'received_at',
      ],
      key: ['account_id', 'dedup_key'],
      update: { deliveries: { sql: 'events.deliveries + 1' }, state: 'incoming' },
      rows: events.map((event) => [
        accountId,
        event.eventId,
        event.source,
        event.action,
        event.contactId,
        event.payload,
        event.dedupKey,
        event.state,
        event.reason,
        1,
        nowMs,
      ]),
    });
  }

  /** Waiting events after `afterEventId` in order of arrival. */
  async listWaiting(accountId: number, afterEventId: string, limit: number): Promise<WaitingEvent[]> {
    const rows = await this.database.query<EventRow>(
      `SELECT event_id, source, action, contact_id, payload, deliveries, received_at FROM events
        WHERE account_id = ? AND state = 'waiting' AND event_id > ? ORDER BY event_id LIMIT ?`,
      [accountId, afterEventId, limit],
    );
    return rows.map((row) => ({
      eventId: row.event_id,
      source: row.source,
      action: row.action,
      contactId: row.contact_id,
      payload: row.payload ?? 'null',
      deliveries: row.deliveries,
      receivedAt: row.received_at,
    }));
  }

  /** Ends waiting events, in the transaction that applied them. */
  async settle(accountId: number, events: readonly SettledEvent[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    const groups = groupBy(events, ({ state, reason, deliveries }) => JSON.stringify([state, reason, deliveries]));
    for (const group of groups.values()) {
      const [first] = group;
      if (!first) continue;
      await executeIn(
        this.database,
        `UPDATE events SET state = ?, reason = ?, applied_at = ? WHERE account_id = ? AND state = 'waiting' AND deliveries = ? AND event_id IN (?)`,
        [first.state, first.reason, nowMs, accountId, first.deliveries],
        group.map(({ eventId }) => eventId),
      );
    }
  }

  /** How many events of the account wait for a worker. */
  async countWaiting(accountId: number): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(
      `SELECT COUNT(*) AS total FROM events WHERE account_id = ? AND state = 'waiting'`,
      [accountId],
    );
    return row?.total ?? 0;
  }

  /** Active accounts, not paused now, whose events wait since before `beforeMs`: their job was lost or is late. */
  async listAccountsWaiting(beforeMs: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ account_id: number }>(
      `SELECT DISTINCT e.account_id FROM events e
         JOIN accounts a ON a.account_id = e.account_id AND a.status = 'active' AND a.paused_until <= ?
        WHERE e.state = 'waiting' AND e.received_at < ? LIMIT ?`,
      [this.clock.nowMs(), beforeMs, limit],
    );
    return rows.map(({ account_id }) => account_id);
  }

  /** The newest events of an account, newest first. */
  async list(accountId: number, limit: number): Promise<EventView[]> {
    const rows = await this.database.query<EventRow>(
      `SELECT event_id, source, action, contact_id, state, reason, deliveries, received_at, applied_at FROM events
        WHERE account_id = ? ORDER BY event_id DESC LIMIT ?`,
      [accountId, limit],
    );
    return rows.map((row) => ({
      eventId: row.event_id,
      source: row.source,
      action: row.action,
      contactId: row.contact_id,
      state: row.state,
      reason: row.reason,
      deliveries: row.deliveries,
      receivedAt: row.received_at,
      appliedAt: row.applied_at,
    }));
  }

  /** Forgets up to `limit` settled events received before `beforeMs`; returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    return this.purgeStates(['applied', 'ignored'], beforeMs, limit);
  }

  /** Forgets up to `limit` events received before `beforeMs` that were of no use, kept for the operator until now; returns how many. */
  async purgeUseless(beforeMs: number, limit: number): Promise<number> {
    return this.purgeStates(['unreadable', 'refused'], beforeMs, limit);
  }

  private async purgeStates(states: readonly [EventState, EventState], beforeMs: number, limit: number): Promise<number> {
    const rows = await this.database.query<{ account_id: number; event_id: string }>(
      `SELECT account_id, event_id FROM events WHERE state IN (?, ?) AND received_at < ? LIMIT ?`,
      [...states, beforeMs, limit],
    );
    for (const [accountId, group] of groupBy(rows, ({ account_id }) => account_id)) {
      await executeIn(
        this.database,
        `DELETE FROM events WHERE account_id = ? AND state <> 'waiting' AND event_id IN (?)`,
        [accountId],
        group.map(({ event_id }) => event_id),
      );
    }
    return rows.length;
  }
}
