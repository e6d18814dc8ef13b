import { parseAddress } from '#domain';
import type { DemoContact, UnisenderAddress } from './vendors.js';

/** The differences between Kommo and Unisender. Without differences they are in sync. */
export interface Comparison {
  readonly missing: readonly string[];
  readonly wrongNames: readonly string[];
  readonly leftOver: readonly string[];
}

/** True without any difference. */
export const isInSync = ({ missing, wrongNames, leftOver }: Comparison): boolean =>
  missing.length + wrongNames.length + leftOver.length === 0;

/** Addresses that Unisender does not import (reference/unisender.md 4.3). */
const ROLE_ADDRESS = /^(info|sales|no-reply|all)@/;

/** The names that the list must have, by address. The contact with the lowest id gives the name. */
function expectedNames(contacts: readonly DemoContact[], addresses: ReadonlyMap<string, UnisenderAddress>): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, emails } of contacts) {
    for (const { email, invalidReason } of emails.map(parseAddress)) {
      const isExcluded = invalidReason !== null || ROLE_ADDRESS.test(email) || addresses.get(email)?.status === 'unsubscribed';
      if (!isExcluded && !names.has(email)) names.set(email, name);
    }
  }
  return names;
}

/** Compares the state of both vendors. It does not use data of the service. */
export function compare(contacts: readonly DemoContact[], addresses: ReadonlyMap<string, UnisenderAddress>, listId: number): Comparison {
  const expected = expectedNames(contacts, addresses);
  const onList = new Map([...addresses].filter(([, { lists }]) => lists.some(({ id }) => id === listId)));
  return {
    missing: [...expected.keys()].filter((email) => !onList.has(email)),
    wrongNames: [...expected]
      .filter(([email, name]) => onList.has(email) && (onList.get(email)?.fields['Name'] ?? '') !== name)
      .map(([email]) => email),
    leftOver: [...onList].filter(([email, { status }]) => !expected.has(email) && status !== 'unsubscribed').map(([email]) => email),
  };
}

/** Counts the differences between two states of a Unisender list. */
export function countChanges(
  before: ReadonlyMap<string, UnisenderAddress>,
  after: ReadonlyMap<string, UnisenderAddress>,
  listId: number,
): { created: number; updated: number; deleted: number } {
  const isOn = (address: UnisenderAddress | undefined) => address?.lists.some(({ id }) => id === listId) ?? false;
  const emails = [...new Set([...before.keys(), ...after.keys()])];
  const count = (test: (was: UnisenderAddress | undefined, is: UnisenderAddress | undefined) => boolean) =>
    emails.filter((email) => test(before.get(email), after.get(email))).length;
  return {
    created: count((was, is) => !isOn(was) && isOn(is)),
    deleted: count((was, is) => isOn(was) && !isOn(is)),
    updated: count((was, is) => isOn(was) && isOn(is) && was?.fields['Name'] !== is?.fields['Name']),
  };
}
