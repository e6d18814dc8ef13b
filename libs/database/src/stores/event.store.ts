import { Injectable } from '@nestjs/common';
import { Clock, groupBy } from '#domain';
import { Database } from '../database.js';
import { RateSlotEntity } from '../entities/rate-slot.entity.js';
import { EventEntity, type EventState } from '../entities/event.entity.js';
import { type Field, type OnConflict, containing, executeIn, placeholders, prepareUpsert, selectRows, upsertRows } from '../entity-sql.js';
import type { SqlValue } from '../session.js';

/** A contact that Kommo refuses to return waits for longer; other deferrals are shorter. */
const LONG_WAIT_MS = 3_600_000;
/** Accounts of one statement of the sweep. */
const ACCOUNTS_AT_ONCE = 2_000;

/** An event as it comes in. `changeHash` is the deduplication key by default. */
export type NewEvent = Pick<EventEntity, 'eventId' | 'source' | 'action' | 'contactId' | 'payload' | 'dedupKey' | 'reason'> &
  Partial<Pick<EventEntity, 'changeHash' | 'modifiedAtSeconds' | 'attempts' | 'dueAt'>> & {
    readonly state: Extract<EventState, 'waiting' | 'unreadable' | 'refused'>;
  };

/** An event with its account. */
export type AccountEvent = NewEvent & Pick<EventEntity, 'accountId'>;

const waitingFields = [
  'eventId',
  'source',
  'action',
  'contactId',
  'deliveries',
  'receivedAt',
  'isUnordered',
  'attempts',
] as const satisfies readonly Field<EventEntity>[];

/** An event that is to be applied. */
export type WaitingEvent = Pick<EventEntity, (typeof waitingFields)[number]> & { readonly payload: string };

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

/** Which events to list. */
export interface EventFilter {
  /** Only older events than this one. */
  readonly before?: string | undefined;
  readonly contactId?: number | undefined;
}

/** Which events to search for. */
export interface EventSearch {
  readonly email: string;
  /** Contacts whose events are found too. */
  readonly contactIds: readonly number[];
  readonly before?: string | undefined;
  readonly limit: number;
}

/** A part of the found events; `next` is `before` of the next part, undefined at the end. */
export interface EventPage {
  readonly events: EventView[];
  readonly next: string | undefined;
}

/** Later than every event. */
const LAST_EVENT_ID = '~';
/** It limits the time of one statement. */
const SEARCHED_AT_ONCE = 5_000;
/** The row of `rate_slots` that shows until when a burst is announced. */
const BURST_SLOT = 'webhook-burst';

/** The result of a waiting event. */
export interface SettledEvent {
  readonly eventId: string;
  /** As it was read: an event that was delivered again meanwhile keeps waiting. */
  readonly deliveries: number;
  readonly state: Extract<EventState, 'applied' | 'ignored' | 'unreadable'>;
  readonly reason: string | null;
}

/** A waiting event that is applied later. */
export type DeferredEvent = Pick<EventEntity, 'eventId' | 'deliveries' | 'attempts' | 'dueAt' | 'reason'>;

/** A column's values in the stored and in the new row. */
const sides = (incoming: (column: string) => string) => ({
  same: `events.change_hash = ${incoming('change_hash')}`,
  isNewer: `${incoming('modified_at_seconds')} > events.modified_at_seconds`,
  hasDelete: `(events.action = 'reread' OR (events.action = 'delete') <> (${incoming('action')} = 'delete'))`,
});

/** What a column takes of the same change, and of another change with the same key. */
const byChange = (same: string, other: (incoming: (column: string) => string) => string): OnConflict => ({
  sql: (incoming) => `CASE WHEN ${sides(incoming).same} THEN ${same} ELSE ${other(incoming)} END`,
});

/**
 * How a delivery becomes a part of a waiting event of the same contact: the newest content stays; the event is unordered unless the
 * delivery is newer than all before; a delete beside another change says nothing about the contact. MySQL assigns in this order, and
 * each rule reads stored values that are assigned after it.
 */
const coalesced: Partial<Record<Field<EventEntity>, OnConflict>> = {
  isUnordered: byChange('events.is_unordered', (incoming) => {
    const { isNewer, hasDelete } = sides(incoming);
    return `CASE WHEN ${isNewer} AND NOT ${hasDelete} THEN 0 ELSE 1 END`;
  }),
  payload: byChange('events.payload', (incoming) => {
    const isOlder = `${incoming('modified_at_seconds')} < events.modified_at_seconds`;
    return `CASE WHEN ${isOlder} THEN events.payload ELSE ${incoming('payload')} END`;
  }),
  attempts: byChange('events.attempts', (incoming) => incoming('attempts')),
  dueAt: byChange(
    'events.due_at',
    (incoming) => `CASE WHEN events.due_at < ${incoming('due_at')} THEN events.due_at ELSE ${incoming('due_at')} END`,
  ),
  reason: byChange('events.reason', (incoming) => incoming('reason')),
  action: byChange('events.action', (incoming) => `CASE WHEN ${sides(incoming).hasDelete} THEN 'reread' ELSE ${incoming('action')} END`),
  modifiedAtSeconds: byChange('events.modified_at_seconds', (incoming) => {
    const time = incoming('modified_at_seconds');
    return `CASE WHEN ${time} > events.modified_at_seconds THEN ${time} ELSE events.modified_at_seconds END`;
  }),
  changeHash: 'incoming',
  deliveries: { sql: 'events.deliveries + 1' },
  state: 'incoming',
};

const toRow = (event: AccountEvent, receivedAt: number) => ({
  accountId: event.accountId,
  eventId: event.eventId,
  source: event.source,
  action: event.action,
  contactId: event.contactId,
  payload: event.payload,
  dedupKey: event.dedupKey,
  changeHash: event.changeHash ?? event.dedupKey,
  modifiedAtSeconds: event.modifiedAtSeconds ?? 0,
  attempts: event.attempts ?? 0,
  dueAt: event.dueAt ?? 0,
  state: event.state,
  reason: event.reason,
  deliveries: 1,
  receivedAt,
});

/** The inbox: events of the vendors' webhooks, kept until they are applied and a while longer. Times are epoch milliseconds. */
// SQL by hand: the webhook route answers only after `add`, and the other statements work on sets of events.
@Injectable()
export class EventStore {
  private upsert: ((rows: readonly Partial<EventEntity>[]) => Promise<void>) | undefined;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores events in one atomic statement. An event with the key of a stored one is counted, becomes a part of that one, and that one
   * waits again: it is safe to apply it twice.
   */
  async add(accountId: number, events: readonly NewEvent[]): Promise<void> {
    await this.addOfAccounts(events.map((event) => ({ ...event, accountId })));
  }

  /** As `add`, for events of any accounts. */
  async addOfAccounts(events: readonly AccountEvent[]): Promise<void> {
    const receivedAt = this.clock.nowMs();
    const rows = events.map((event) => toRow(event, receivedAt));
    const [first] = rows;
    if (!first) return;
    const fields = Object.keys(first) as Field<EventEntity>[];
    this.upsert ??= prepareUpsert(this.database, { entity: EventEntity, key: ['accountId', 'dedupKey'], update: coalesced }, fields);
    await this.upsert(rows);
  }

  /** Shows every process, for `forMs`, that webhooks wait to be stored. A power failure may undo it. */
  async announceBurst(forMs: number): Promise<void> {
    const announce = async () => {
      const rows = [{ key: BURST_SLOT, nextAt: (await this.database.nowMs()) + forMs }];
      await upsertRows(this.database, { entity: RateSlotEntity, rows, key: ['key'], update: { nextAt: 'incoming' } });
    };
    await this.database.transaction(announce, { durable: 'later' });
  }

  /** Whether a burst is announced, by the database's clock. */
  async isBurstAnnounced(): Promise<boolean> {
    const sql = `SELECT COUNT(*) AS total FROM rate_slots WHERE slot_key = ? AND next_at > ${this.database.nowSql}`;
    const [row] = await this.database.query<{ total: number }>(sql, [BURST_SLOT]);
    return (row?.total ?? 0) > 0;
  }

  /** Lists waiting events after `afterEventId` in order of arrival, without those that were deferred. */
  async listWaiting(accountId: number, afterEventId: string, limit: number): Promise<WaitingEvent[]> {
    return this.listWhere('due_at = 0 AND event_id > ? ORDER BY event_id', [accountId, afterEventId, limit]);
  }

  /** Lists waiting events that were deferred until now or before, the earliest first. */
  async listDeferred(accountId: number, limit: number): Promise<WaitingEvent[]> {
    return this.listWhere('due_at > 0 AND due_at <= ? ORDER BY due_at, event_id', [accountId, this.clock.nowMs(), limit]);
  }

  /**
   * Ends waiting events. A change of a contact gives up its key, so that the next one becomes an event of its own. Call it in the
   * transaction that applies them.
   */
  async settle(accountId: number, events: readonly SettledEvent[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    const groups = groupBy(events, ({ state, reason, deliveries }) => JSON.stringify([state, reason, deliveries]));
    for (const [first, ...others] of groups.values()) {
      if (!first) continue;
      await executeIn(
        this.database,
        `UPDATE events SET state = ?, reason = ?, applied_at = ?, due_at = 0,
                dedup_key = CASE WHEN source = 'kommo' THEN event_id ELSE dedup_key END
          WHERE account_id = ? AND state = 'waiting' AND deliveries = ? AND event_id IN (?)`,
        [first.state, first.reason, nowMs, accountId, first.deliveries],
        [first, ...others].map(({ eventId }) => eventId),
      );
    }
  }

  /** Makes events due now that wait for more than an hour: Kommo refused to return their contacts. */
  async retryRefused(accountId: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.database.execute(`UPDATE events SET due_at = ? WHERE account_id = ? AND state = 'waiting' AND due_at > ?`, [
      nowMs,
      accountId,
      nowMs + LONG_WAIT_MS,
    ]);
  }

  /** Keeps waiting events from being applied before their time. Without effect on one that was delivered again meanwhile. */
  async defer(accountId: number, events: readonly DeferredEvent[]): Promise<void> {
    const groups = groupBy(events, ({ eventId: _, ...change }) => JSON.stringify(change));
    for (const [first, ...others] of groups.values()) {
      if (!first) continue;
      await executeIn(
        this.database,
        `UPDATE events SET attempts = ?, due_at = ?, reason = ?
          WHERE account_id = ? AND state = 'waiting' AND deliveries = ? AND event_id IN (?)`,
        [first.attempts, first.dueAt, first.reason, accountId, first.deliveries],
        [first, ...others].map(({ eventId }) => eventId),
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

  /** Whether more than `limit` events of the account wait. */
  async hasMoreWaiting(accountId: number, limit: number): Promise<boolean> {
    const tail = `WHERE account_id = ? AND state = 'waiting' ORDER BY due_at, event_id LIMIT 1 OFFSET ?`;
    const rows = await selectRows(this.database, { entity: EventEntity, fields: ['eventId'], tail, params: [accountId, limit] });
    return rows.length > 0;
  }

  /** Deletes up to `limit` waiting events of Kommo. Returns how many. Record a gap in the same transaction. */
  async dropWaiting(accountId: number, limit: number): Promise<number> {
    const tail = `WHERE account_id = ? AND state = 'waiting' AND source = 'kommo' ORDER BY due_at, event_id LIMIT ?`;
    const rows = await selectRows(this.database, { entity: EventEntity, fields: ['eventId'], tail, params: [accountId, limit] });
    const eventIds = rows.map(({ eventId }) => eventId);
    await executeIn(this.database, 'DELETE FROM events WHERE account_id = ? AND event_id IN (?)', [accountId], eventIds);
    return eventIds.length;
  }

  /**
   * Lists active accounts, not paused now, whose events wait since before `beforeMs`: their job was lost or is late. Never reads the
   * events of other accounts.
   */
  async listAccountsWaiting(beforeMs: number, limit: number): Promise<number[]> {
    const found: number[] = [];
    for (let after = 0; found.length < limit;) {
      const accounts = await this.listOldest(after);
      const due = accounts.filter(({ oldestAt, dueAt }) => (oldestAt ?? beforeMs) < beforeMs || (dueAt ?? beforeMs) < beforeMs);
      found.push(...due.map(({ accountId }) => accountId));
      after = accounts.at(-1)?.accountId ?? after;
      if (accounts.length < ACCOUNTS_AT_ONCE) break;
    }
    return found.slice(0, limit);
  }

  /** Returns when the first deferred event of the account is due, or undefined without one. */
  async findNextDue(accountId: number): Promise<number | undefined> {
    const tail = `WHERE account_id = ? AND state = 'waiting' AND due_at > 0 ORDER BY due_at LIMIT 1`;
    const [event] = await selectRows(this.database, { entity: EventEntity, fields: ['dueAt'], tail, params: [accountId] });
    return event?.dueAt;
  }

  /** Lists the account's events, or those of one of its contacts, newest first. */
  async list(accountId: number, limit: number, { before = LAST_EVENT_ID, contactId }: EventFilter = {}): Promise<EventView[]> {
    const ofContact = contactId === undefined ? '' : ' AND contact_id = ?';
    return selectRows(this.database, {
      entity: EventEntity,
      fields: viewFields,
      tail: `WHERE account_id = ? AND event_id < ?${ofContact} ORDER BY event_id DESC LIMIT ?`,
      params: [accountId, before, ...(contactId === undefined ? [] : [contactId]), limit],
    });
  }

  /**
   * Searches the next 5,000 events before `before` for those that name the e-mail address in their payload or belong to one of the
   * contacts. Returns up to `limit`, newest first, and where the search goes on; undefined at the end.
   */
  async search(accountId: number, { email, contactIds, before = LAST_EVENT_ID, limit }: EventSearch): Promise<EventPage> {
    const range = 'WHERE account_id = ? AND event_id < ? ORDER BY event_id DESC';
    const end = { entity: EventEntity, fields: ['eventId'] as const, tail: `${range} LIMIT 1 OFFSET ?` };
    const [last] = await selectRows(this.database, { ...end, params: [accountId, before, SEARCHED_AT_ONCE - 1] });
    const ofContacts = contactIds.length === 0 ? '' : ` OR contact_id IN (${placeholders(contactIds.length)})`;
    const events = await selectRows(this.database, {
      entity: EventEntity,
      fields: viewFields,
      tail: `WHERE account_id = ? AND event_id < ? AND event_id >= ? AND (LOWER(payload) LIKE ? ESCAPE '!'${ofContacts})
             ORDER BY event_id DESC LIMIT ?`,
      params: [accountId, before, last?.eventId ?? '', containing(email), ...contactIds, limit],
    });
    return { events, next: events.length === limit ? events.at(-1)?.eventId : last?.eventId };
  }

  /** Deletes up to `limit` applied or ignored events received before `beforeMs`. Returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    return this.purgeStates(['applied', 'ignored'], beforeMs, limit);
  }

  /** Deletes up to `limit` unreadable or refused events received before `beforeMs`. Returns how many. */
  async purgeRefused(beforeMs: number, limit: number): Promise<number> {
    return this.purgeStates(['unreadable', 'refused'], beforeMs, limit);
  }

  /** Deletes up to `limit` of the account's events in a state, beyond the newest `kept` of them. Returns how many. */
  async trim(accountId: number, state: Exclude<EventState, 'waiting'>, { kept, limit }: { kept: number; limit: number }): Promise<number> {
    const tail = 'WHERE account_id = ? AND state = ? AND due_at = 0 ORDER BY event_id DESC LIMIT ? OFFSET ?';
    const params = [accountId, state, limit, kept];
    return this.deleteSettled(accountId, await selectRows(this.database, { entity: EventEntity, fields: ['eventId'], tail, params }));
  }

  private async listWhere(condition: string, params: readonly SqlValue[]): Promise<WaitingEvent[]> {
    const rows = await selectRows(this.database, {
      entity: EventEntity,
      fields: [...waitingFields, 'payload'],
      tail: `WHERE account_id = ? AND state = 'waiting' AND ${condition} LIMIT ?`,
      params,
    });
    return rows.map((row) => ({ ...row, payload: row.payload ?? '{}' }));
  }

  /** For each of the next accounts, when its oldest event arrived and when its first deferred event is due. */
  private async listOldest(after: number) {
    return this.database.query<{ accountId: number; oldestAt: number | null; dueAt: number | null }>(
      `SELECT a.account_id AS accountId,
              (SELECT e.received_at FROM events e WHERE e.account_id = a.account_id AND e.state = 'waiting' AND e.due_at = 0
                ORDER BY e.event_id LIMIT 1) AS oldestAt,
              (SELECT MIN(e.due_at) FROM events e WHERE e.account_id = a.account_id AND e.state = 'waiting' AND e.due_at > 0) AS dueAt
         FROM accounts a WHERE a.account_id > ? AND a.status = 'active' AND a.paused_until <= ? ORDER BY a.account_id LIMIT ?`,
      [after, this.clock.nowMs(), ACCOUNTS_AT_ONCE],
    );
  }

  private async purgeStates(states: readonly [EventState, EventState], beforeMs: number, limit: number): Promise<number> {
    const rows = await selectRows(this.database, {
      entity: EventEntity,
      fields: ['accountId', 'eventId'],
      tail: 'WHERE state IN (?, ?) AND received_at < ? LIMIT ?',
      params: [...states, beforeMs, limit],
    });
    for (const [accountId, group] of groupBy(rows, (row) => row.accountId)) await this.deleteSettled(accountId, group);
    return rows.length;
  }

  /** An event that was delivered again meanwhile waits, and stays. */
  private async deleteSettled(accountId: number, rows: readonly Pick<EventEntity, 'eventId'>[]): Promise<number> {
    const eventIds = rows.map(({ eventId }) => eventId);
    const sql = `DELETE FROM events WHERE account_id = ? AND state <> 'waiting' AND event_id IN (?)`;
    await executeIn(this.database, sql, [accountId], eventIds);
    return eventIds.length;
  }
}
