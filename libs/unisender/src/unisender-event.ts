import { isRecord, toItems, toPositiveInteger, toText, type UnknownRecord, valueAt } from '#domain';
import { toEpochMs } from './unisender-records.js';

/** An event of a Unisender webhook. Names and payloads are not fully documented (reference/unisender.md 8.3). */
export interface UnisenderEvent {
  readonly name: string;
  readonly email: string | undefined;
  /** The login of the Unisender account. */
  readonly login: string | undefined;
  /** The lists that the address left, joined, or that the event names without saying what happened. Empty when it names none. */
  readonly leftListIds: readonly number[];
  readonly joinedListIds: readonly number[];
  readonly otherListIds: readonly number[];
  readonly status: string | undefined;
  /** As received: `YYYY-MM-DD hh:mm:ss`, presumably UTC. */
  readonly eventTime: string | undefined;
  /** The same in epoch milliseconds. */
  readonly atMs: number | undefined;
  /** Whether an earlier delivery failed. */
  readonly isRepeated: boolean;
}

const MAX_LIST_IDS_LENGTH = 10_000;
const LIST_IDS = /(^|_)list_ids?$/;
const LEFT = /(^|_)(unsubscribed|left|excluded)_list_ids?$/;
const JOINED = /(^|_)subscribed_list_ids?$/;

/** Reads an array of ids, a text with commas, or one id. A longer text than any account needs names no list. */
function toListIds(value: unknown): number[] {
  if (typeof value === 'string' && value.length > MAX_LIST_IDS_LENGTH) return [];
  const items = typeof value === 'string' ? value.split(',').map((id) => id.trim()) : toItems(value);
  return items.flatMap((id) => toPositiveInteger(id) ?? []);
}

type ListIds = Pick<UnisenderEvent, 'leftListIds' | 'joinedListIds' | 'otherListIds'>;

/** Reads list ids by the meaning of their names. */
function readListIds(holder: UnknownRecord): ListIds {
  const ids = { left: new Set<number>(), joined: new Set<number>(), other: new Set<number>() };
  for (const [name, value] of Object.entries(holder).filter(([key]) => LIST_IDS.test(key))) {
    const meaning = LEFT.test(name) ? ids.left : JOINED.test(name) ? ids.joined : ids.other;
    for (const id of toListIds(value)) meaning.add(id);
  }
  return { leftListIds: [...ids.left], joinedListIds: [...ids.joined], otherListIds: [...ids.other] };
}

/** The batch form has the data of an event in `event_data`, the single form beside the name. */
function readEvent(event: unknown, batch: unknown): UnisenderEvent[] {
  const name = toText(valueAt(event, 'event_name'));
  if (!isRecord(event) || name === undefined) return [];
  const data = valueAt(event, 'event_data');
  const fields: UnknownRecord = isRecord(data) ? { ...event, ...data } : event;
  const eventTime = toText(valueAt(event, 'event_time'));
  const retryCount = toPositiveInteger(valueAt(event, 'retry_count')) ?? toPositiveInteger(valueAt(batch, 'retry_count'));
  return [
    {
      name,
      email: toText(valueAt(fields, 'email')),
      login: toText(valueAt(event, 'login')) ?? toText(valueAt(batch, 'login')),
      ...readListIds(fields),
      status: toText(valueAt(fields, 'status')) ?? toText(valueAt(fields, 'email_status')),
      eventTime,
      atMs: toEpochMs(eventTime),
      isRepeated: retryCount !== undefined,
    },
  ];
}

/** Reads the events of a webhook body, of its batch form or its single form, in order. Skips items without an event name. Never throws. */
export function readUnisenderHook(body: unknown): UnisenderEvent[] {
  const batches = valueAt(body, 'events_by_user');
  if (batches === undefined) return readEvent(body, body);
  const retryCount = valueAt(body, 'retry_count');
  return toItems(batches).flatMap((batch) =>
    toItems(valueAt(batch, 'events')).flatMap((event) => readEvent(event, { login: valueAt(batch, 'login'), retry_count: retryCount })),
  );
}
