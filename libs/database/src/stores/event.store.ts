import { Injectable } from '@nestjs/common';
import { Clock, groupBy } from '#domain';
import { Database } from '../database.js';
import { EventEntity, type EventState } from '../entities/event.entity.js';
import { type Field, executeIn, selectRows, upsertRows } from '../entity-sql.js';

/** An event as it comes in. */
export type NewEvent = Pick<EventEntity, 'eventId' | 'source' | 'action' | 'contactId' | 'payload' | 'dedupKey' | 'reason'> & {
  readonly state: Extract<EventState, 'waiting' | 'unreadable' | 'refused'>;
};

/** An event that is to be applied. */
export type WaitingEvent = Pick<EventEntity, 'eventId' | 'source' | 'action' | 'contactId' | 'deliveries' | 'receivedAt'> & {
  readonly payload: string;
};

const viewFields = [
  'eventId',
  'source',
  'action',
  'contactId',
  'state',
  'reason',
  'deliveries',
  'receivedAt',
  'appliedAt',
] as const satisfies readonly Field<EventEntity>[];

/** An event without its payload. */
export type EventView = Pick<EventEntity, (typeof viewFields)[number]>;

/** The result of a waiting event. */
export interface SettledEvent {
  readonly eventId: string;
  /** As it was read. An event that has been delivered again since then keeps waiting. */
  readonly deliveries: number;
  readonly state: Extract<EventState, 'applied' | 'ignored' | 'unreadable'>;
  readonly reason: string | null;
}

/** The inbox: events of the vendors' webhooks, kept for a week after they are applied. Times are epoch milliseconds. */
// SQL by hand: the webhook route answers only after `add`, and the other statements work on sets of events.
@Injectable()
export class EventStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Stores events in one atomic statement. A known change is counted and waits again: it is safe to apply it twice. */
  async add(accountId: number, events: readonly NewEvent[]): Promise<void> {
    const receivedAt = this.clock.nowMs();
    await upsertRows(this.database, {
      entity: EventEntity,
      key: ['accountId', 'dedupKey'],
      update: { deliveries: { sql: 'events.deliveries + 1' }, state: 'incoming' },
      rows: events.map(({ eventId, source, action, contactId, payload, dedupKey, state, reason }) => ({
        accountId,
        eventId,
        source,
        action,
        contactId,
        payload,
        dedupKey,
        state,
        reason,
        deliveries: 1,
        receivedAt,
      })),
    });
  }

  /** Lists waiting events after `afterEventId` in order of arrival. */
  async listWaiting(accountId: number, afterEventId: string, limit: number): Promise<WaitingEvent[]> {
    const rows = await selectRows(this.database, {
      entity: EventEntity,
      fields: ['eventId', 'source', 'action', 'contactId', 'payload', 'deliveries', 'receivedAt'],
      tail: `WHERE account_id = ? AND state = 'waiting' AND event_id > ? ORDER BY event_id LIMIT ?`,
      params: [accountId, afterEventId, limit],
    });
    return rows.map((row) => ({ ...row, payload: row.payload ?? 'null' }));
  }

  /** Ends waiting events. Call it in the transaction that applies them. */
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

  /** Counts the account's waiting events. */
  async countWaiting(accountId: number): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(
      `SELECT COUNT(*) AS total FROM events WHERE account_id = ? AND state = 'waiting'`,
      [accountId],
    );
    return row?.total ?? 0;
  }

  /** Lists active accounts, not paused now, whose events wait since before `beforeMs`: their job was lost or is late. */
  async listAccountsWaiting(beforeMs: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ accountId: number }>(
      `SELECT DISTINCT e.account_id AS accountId FROM events e
         JOIN accounts a ON a.account_id = e.account_id AND a.status = 'active' AND a.paused_until <= ?
        WHERE e.state = 'waiting' AND e.received_at < ? LIMIT ?`,
      [this.clock.nowMs(), beforeMs, limit],
    );
    return rows.map(({ accountId }) => accountId);
  }

  /** Lists the account's events, newest first. */
  async list(accountId: number, limit: number): Promise<EventView[]> {
    const tail = 'WHERE account_id = ? ORDER BY event_id DESC LIMIT ?';
    return selectRows(this.database, { entity: EventEntity, fields: viewFields, tail, params: [accountId, limit] });
  }

  /** Deletes up to `limit` applied or ignored events received before `beforeMs`. Returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    return this.purgeStates(['applied', 'ignored'], beforeMs, limit);
  }

  /** Deletes up to `limit` unreadable or refused events received before `beforeMs`. Returns how many. */
  async purgeRefused(beforeMs: number, limit: number): Promise<number> {
    return this.purgeStates(['unreadable', 'refused'], beforeMs, limit);
  }

  private async purgeStates(states: readonly [EventState, EventState], beforeMs: number, limit: number): Promise<number> {
    const rows = await selectRows(this.database, {
      entity: EventEntity,
      fields: ['accountId', 'eventId'],
      tail: 'WHERE state IN (?, ?) AND received_at < ? LIMIT ?',
      params: [...states, beforeMs, limit],
    });
    for (const [accountId, group] of groupBy(rows, (row) => row.accountId)) {
      const eventIds = group.map(({ eventId }) => eventId);
      const sql = `DELETE FROM events WHERE account_id = ? AND state <> 'waiting' AND event_id IN (?)`;
      await executeIn(this.database, sql, [accountId], eventIds);
    }
    return rows.length;
  }
}
