import { isRecord, toItems, toPositiveInteger, toText, type UnknownRecord, valueAt } from '#domain';

/** An event of a Unisender webhook. Names and payloads are not fully documented (reference/unisender.md 8.3). */
export interface UnisenderEvent {
  readonly name: string;
  readonly email: string | undefined;
  /** The lists of the event. Empty when it names none, or when it is about the whole account. */
  readonly listIds: readonly number[];
  readonly status: string | undefined;
  /** As received: `YYYY-MM-DD hh:mm:ss`, presumably UTC. */
  readonly eventTime: string | undefined;
}

const MAX_LIST_IDS_LENGTH = 10_000;
const LIST_IDS = /(^|_)list_ids?$/;

/** Reads an array of ids, a text with commas, or one id. A longer text than any account needs names no list. */
function toListIds(value: unknown): number[] {
  if (typeof value === 'string' && value.length > MAX_LIST_IDS_LENGTH) return [];
  const items = typeof value === 'string' ? value.split(',').map((id) => id.trim()) : toItems(value);
  return items.flatMap((id) => toPositiveInteger(id) ?? []);
}

function readListIds(holder: UnknownRecord): number[] {
  const named = Object.entries(holder).filter(([name]) => LIST_IDS.test(name));
  return [...new Set(named.flatMap(([, value]) => toListIds(value)))];
}

/** The batch form has the data of an event in `event_data`, the single form beside the name. */
function readEvent(event: unknown): UnisenderEvent[] {
  const name = toText(valueAt(event, 'event_name'));
  if (!isRecord(event) || name === undefined) return [];
  const data = valueAt(event, 'event_data');
  const fields: UnknownRecord = isRecord(data) ? { ...event, ...data } : event;
  return [
    {
      name,
      email: toText(valueAt(fields, 'email')),
      listIds: readListIds(fields),
      status: toText(valueAt(fields, 'status')) ?? toText(valueAt(fields, 'email_status')),
      eventTime: toText(valueAt(event, 'event_time')),
    },
  ];
}

/** Reads the events of a webhook body, of its batch form or its single form, in order. Skips items without an event name. Never throws. */
export function readUnisenderHook(body: unknown): UnisenderEvent[] {
  const batches = valueAt(body, 'events_by_user');
  if (batches === undefined) return readEvent(body);
  return toItems(batches)
    .flatMap((batch) => toItems(valueAt(batch, 'events')))
    .flatMap(readEvent);
}
