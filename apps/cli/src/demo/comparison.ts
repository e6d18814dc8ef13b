import { parseAddress } from '#domain';
import type { DemoContact, UnisenderAddress } from './vendors.js';

/** What differs between Kommo and Unisender; nothing when they are in sync. */
export interface Comparison {
  readonly missing: readonly string[];
  readonly wronglyNamed: readonly string[];
  readonly leftOver: readonly string[];
}

export const isInSync = ({ missing, wronglyNamed, leftOver }: Comparison): boolean =>
  missing.length + wronglyNamed.length + leftOver.length === 0;

/** Addresses that Unisender itself does not import (reference/unisender.md 4.3). */
const ROLE_ADDRESS = /^(info|sales|no-reply|all)@/;

/** Who is to be on the list under which name: the holder with the lowest id gives it. */
function wantedNames(contacts: readonly DemoContact[], addresses: ReadonlyMap<string, UnisenderAddress>): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name, emails } of contacts) {
    for (const { email, invalidReason } of emails.map(parseAddress)) {
      const isKeptOut = invalidReason !== null || ROLE_ADDRESS.test(email) || addresses.get(email)?.status === 'unsubscribed';
      if (!isKeptOut && !names.has(email)) names.set(email, name);
    }
  }
  return names;
}

/** Compares what both vendors hold, asked of them and not of the service. */
export function compare(contacts: readonly DemoContact[], addresses: ReadonlyMap<string, UnisenderAddress>, listId: number): Comparison {
  const wanted = wantedNames(contacts, addresses);
  const onList = new Map([...addresses].filter(([, { lists }]) => lists.some(({ id }) => id === listId)));
  return {
    missing: [...wanted.keys()].filter((email) => !onList.has(email)),
    wronglyNamed: [...wanted]
      .filter(([email, name]) => onList.has(email) && (onList.get(email)?.fields['Name'] ?? '') !== name)
      .map(([email]) => email),
    leftOver: [...onList].filter(([email, { status }]) => !wanted.has(email) && status !== 'unsubscribed').map(([email]) => email),
  };
}

/** How two states of one Unisender list differ. */
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
