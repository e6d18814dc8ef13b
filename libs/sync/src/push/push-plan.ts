import type { DirtyAddress } from '#database';
import { type AddressAction, listToLeave, originOfFresh } from '#domain';
import type { ImportResult, ImportRows } from '#unisender';

/** The result of one round of pushing, counted in addresses. */
export interface PushCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly unchanged: number;
}

/** An address with the action that it needs. */
export interface Planned {
  readonly address: DirtyAddress;
  readonly action: AddressAction;
}

/** An address to be put on the list. */
export type Put = Planned & { readonly action: Extract<AddressAction, { kind: 'put' }> };

/** One round of pushing. Puts and deletes go into one call. */
export interface Plan {
  readonly puts: readonly Put[];
  readonly deletes: readonly Planned[];
  readonly excludes: readonly Planned[];
  readonly inspects: readonly Planned[];
}

/** Single calls of each kind (exclude, getContact) in a round: a round must be short compared to the lease. */
const MAX_SINGLE_CALLS = 50;
const isPut = (planned: Planned): planned is Put => planned.action.kind === 'put';

/** The next round. Addresses that do not fit into it stay dirty. */
export function toPlan(planned: readonly Planned[]): Plan {
  const ofKind = (kind: AddressAction['kind']) => planned.filter(({ action }) => action.kind === kind);
  return {
    puts: planned.filter(isPut),
    deletes: ofKind('delete'),
    excludes: ofKind('exclude').slice(0, MAX_SINGLE_CALLS),
    inspects: ofKind('inspect').slice(0, MAX_SINGLE_CALLS),
  };
}

interface Column {
  readonly name: string;
  readonly put: (put: Put) => string;
  readonly delete: (address: DirtyAddress) => string;
}

const noValue = () => '';

function columnsOf({ puts, deletes }: Plan, listId: number, fieldNames: readonly string[]): Column[] {
  const email: Column = { name: 'email', put: ({ address }) => address.email, delete: (address) => address.email };
  const flag: Column = { name: 'delete', put: () => '0', delete: () => '1' };
  const left: Column = {
    name: 'email_excluded_list_ids',
    put: ({ address }) => String(listToLeave(address, listId) ?? ''),
    delete: noValue,
  };
  const isLeft = puts.some(({ address }) => listToLeave(address, listId) !== undefined);
  return [
    email,
    ...(deletes.length > 0 ? [flag] : []),
    { name: 'Name', put: ({ action }) => action.holder.name, delete: noValue },
    { name: 'email_list_ids', put: () => String(listId), delete: noValue },
    ...(isLeft ? [left] : []),
    ...fieldNames.map((name): Column => ({ name, put: ({ action }) => action.holder.fields[name] ?? '', delete: noValue })),
  ];
}

/**
 * The rows of a round, without columns that no row needs. `email_status` and `overwrite_lists` are never sent: they would
 * subscribe unsubscribed addresses again.
 */
export function toRows(plan: Plan, listId: number, fieldNames: readonly string[]): ImportRows {
  const columns = columnsOf(plan, listId, fieldNames);
  return {
    fieldNames: columns.map(({ name }) => name),
    rows: [
      ...plan.puts.map((put) => columns.map((column) => column.put(put))),
      ...plan.deletes.map(({ address }) => columns.map((column) => column.delete(address))),
    ],
  };
}

/** The origin of the rows that are new to us, from the numbers in the response. */
export function originFrom(plan: Plan, fresh: readonly Put[], { inserted, updated }: ImportResult, rejected: ReadonlyMap<number, string>) {
  const accepted = plan.puts.filter((_, index) => !rejected.has(index));
  const freshSet = new Set(fresh);
  const freshCount = accepted.filter((put) => freshSet.has(put)).length;
  return originOfFresh({ inserted, updated, fresh: freshCount, known: accepted.length - freshCount });
}

/** Counts a call. `rejected` has the refused rows by index. */
export function countsOf({ puts, deletes }: Plan, rejected: ReadonlyMap<number, string>): PushCounts {
  const accepted = puts.filter((_, index) => !rejected.has(index));
  const created = accepted.filter(({ action }) => action.isNew).length;
  return {
    created,
    updated: accepted.length - created,
    deleted: deletes.length,
    rejected: puts.length - accepted.length,
    unchanged: 0,
  };
}
