import type { DirtyAddress } from '#database';
import { type AddressAction, type AddressHolder, MAX_ROWS_PER_CALL, fieldsToSend, formerListsOf } from '#domain';
import type { ImportRows } from '#unisender';

/** The result of one round of pushing, counted in addresses. */
export interface PushCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly unchanged: number;
}

/** Nothing counted. */
export const noCounts: PushCounts = { created: 0, updated: 0, deleted: 0, rejected: 0, unchanged: 0 };

/** The sum of two counts. */
export const addCounts = (one: PushCounts, other: PushCounts): PushCounts => ({
  created: one.created + other.created,
  updated: one.updated + other.updated,
  deleted: one.deleted + other.deleted,
  rejected: one.rejected + other.rejected,
  unchanged: one.unchanged + other.unchanged,
});

/** An address to be put on the list. */
export interface Put {
  readonly address: DirtyAddress;
  readonly action: Extract<AddressAction, { kind: 'put' }>;
}

/** A call that puts addresses: all rows have the same fields, and either all or none are sent for the first time. */
export interface PutCall {
  readonly kind: 'put';
  readonly isFirst: boolean;
  readonly fields: readonly string[];
  readonly puts: readonly Put[];
}

/** A call that deletes addresses from the account, or takes them off our list. */
export interface RemovalCall {
  readonly kind: 'delete' | 'leave';
  readonly addresses: readonly DirtyAddress[];
}

/** A call of importContacts. Rows of different kinds never share a call: its response has only sums. */
export type Call = PutCall | RemovalCall;

/** The values that a holder gives an address, by Unisender's field names. */
export const valuesOf = ({ name, fields }: AddressHolder): Record<string, string> => ({ Name: name, ...fields });

/** Whether no earlier call may have put the address into Unisender. */
const isFirstSent = ({ origin, firstSentAt }: DirtyAddress): boolean => origin === 'unknown' && firstSentAt === null;

/** Groups puts into calls of any number of rows. */
export function toPutCalls(puts: readonly Put[]): PutCall[] {
  const calls = new Map<string, PutCall & { readonly puts: Put[] }>();
  for (const put of puts) {
    const isFirst = isFirstSent(put.address);
    const fields = fieldsToSend(valuesOf(put.action.holder), put.address.writtenFields ?? []);
    const key = `${isFirst} ${fields.length === 1 ? `=${fields.join()}` : JSON.stringify(fields)}`;
    const call = calls.get(key);
    if (call) call.puts.push(put);
    else calls.set(key, { kind: 'put', isFirst, fields, puts: [put] });
  }
  return [...calls.values()];
}

/** A waiting call is sent after this time, also when it is small. */
const MAX_GROUP_AGE_MS = 10_000;

/**
 * Chooses the calls of a round, each of up to 500 rows. While more addresses wait, small calls wait for more rows, but not for longer
 * than 10 seconds.
 */
export function chooseCalls(calls: readonly PutCall[], { hasMore, nowMs }: { hasMore: boolean; nowMs: number }): PutCall[] {
  const sorted = [...calls].sort((one, other) => other.puts.length - one.puts.length);
  const isOld = ({ puts }: PutCall) => puts.some(({ address }) => (address.dirtySince ?? nowMs) < nowMs - MAX_GROUP_AGE_MS);
  const chosen = hasMore ? sorted.filter((call, index) => index === 0 || isOld(call)) : sorted;
  return chosen.map((call) => ({ ...call, puts: call.puts.slice(0, MAX_ROWS_PER_CALL) }));
}

/** The addresses of a call in the order of its rows. */
export const addressesOf = (call: Call): readonly DirtyAddress[] =>
  call.kind === 'put' ? call.puts.map(({ address }) => address) : call.addresses;

/** The two halves of a call. `isFirst`: whether the rows still count as sent for the first time. */
export function halvesOf(call: Call, isFirst: boolean): Call[] {
  const middle = Math.ceil(addressesOf(call).length / 2);
  const slices: [number, number?][] = [[0, middle], [middle]];
  return slices.map((slice) =>
    call.kind === 'put'
      ? { ...call, isFirst: call.isFirst && isFirst, puts: call.puts.slice(...slice) }
      : { ...call, addresses: call.addresses.slice(...slice) },
  );
}

function toPutRows({ puts, fields }: PutCall, listId: number): ImportRows {
  const left = puts.map(({ address }) => formerListsOf(address, listId).join(','));
  const isLeft = left.some((id) => id !== '');
  const values = puts.map(({ action }) => valuesOf(action.holder));
  return {
    fieldNames: ['email', 'email_list_ids', ...(isLeft ? ['email_excluded_list_ids'] : []), ...fields],
    rows: puts.map(({ address }, index) => [
      address.email,
      String(listId),
      ...(isLeft ? [left[index] ?? ''] : []),
      ...fields.map((name) => values[index]?.[name] ?? ''),
    ]),
  };
}

/** The lists that an address is to leave when it is removed. */
export const listsToLeave = (address: DirtyAddress, listId: number): number[] => [...formerListsOf(address, listId), listId];

/**
 * The rows of a call. `email_status` and `overwrite_lists` are never sent: they would subscribe unsubscribed addresses again.
 */
export function toRows(call: Call, listId: number): ImportRows {
  if (call.kind === 'put') return toPutRows(call, listId);
  return call.kind === 'delete'
    ? { fieldNames: ['email', 'delete'], rows: call.addresses.map(({ email }) => [email, '1']) }
    : {
        fieldNames: ['email', 'email_excluded_list_ids'],
        rows: call.addresses.map((address) => [address.email, listsToLeave(address, listId).join(',')]),
      };
}
