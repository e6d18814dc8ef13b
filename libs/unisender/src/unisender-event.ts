import { isRecord, toItems, toPositiveInteger, toText, type UnknownRecord, valueAt } from '#domain';

/** Something that Unisender's webhook tells. What names and payloads there are is not fully documented (reference/unisender.md 8.3). */
export interface UnisenderEvent {
  readonly name: string;
  readonly email: string | undefined;
  /** The lists it is about; empty when it is about none or about all. */
  readonly listIds: readonly number[];
  readonly status: string | undefined;
  /** As sent: `YYYY-MM-DD hh:mm:ss`, presumably UTC. */
  readonly eventTime: string | undefined;
}

const LIST_IDS = /(^|_)list_ids?$/;

/** Lists come as arrays, as comma-separated texts, or as one id, under names such as `just_subscribed_list_ids`. */
function toListIds(value: unknown): number[] {
  const items = typeof value === 'string' ? value.split(',').map((id) => id.trim()) : toItems(value);
  return items.flatMap((id) => toPositiveInteger(id) ?? []);
}

function readListIds(holder: UnknownRecord): number[] {
  const named = Object.entries(holder).filter(([name]) => LIST_IDS.test(name));
  return [...new Set(named.flatMap(([, value]) => toListIds(value)))];
}

/** In the batch form the particulars are in `event_data`, in the single form beside the name. */
function readEvent(event: unknown): UnisenderEvent[] {
  const name = toText(valueAt(event, 'event_name'));
  if (!isRecord(event) || name === undefined) return [];
  const data = valueAt(event, 'event_data');
  const particulars: UnknownRecord = isRecord(data) ? { ...event, ...data } : event;
  return [
    {
      name,
      email: toText(valueAt(particulars, 'email')),
      listIds: readListIds(particulars),
      status: toText(valueAt(particulars, 'status')) ?? toText(valueAt(particulars, 'email_status')),
      eventTime: toText(valueAt(event, 'event_time')),
    },
  ];
}

/** The events of a webhook's body in order, of its batch form and of its single one. Never throws: what names no event is left out. */
export function readUnisenderHook(body: unknown): UnisenderEvent[] {
  const batches = valueAt(body, 'events_by_user');
  if (batches === undefined) return readEvent(body);
  return toItems(batches)
    .flatMap((batch) => toItems(valueAt(batch, 'events')))
    .flatMap(readEvent);
}
