import { type ContactAddress, type ContactContent, chunksOf, groupBy } from '#domain';
import type { Database } from '../database.js';
import { ContactAddressEntity } from '../entities/contact-address.entity.js';
import { incoming, queryIn, upsertRows } from '../entity-sql.js';

/** An address that a contact holds before a change. */
interface Holding extends Pick<ContactAddressEntity, 'contactId' | 'email' | 'invalidReason'> {
  /** Whether the contact passes the filter. A number, as the database returns it. */
  readonly passesFilter: number;
}

/** The holdings of some contacts, by contact id. */
export type Holdings = ReadonlyMap<number, readonly Holding[]>;

/** The addresses that a contact is to hold. */
export interface HoldingContact {
  readonly contactId: number;
  readonly content: Pick<ContactContent, 'addresses' | 'unselected' | 'passesFilter'>;
}

/** The valid addresses that contacts held or hold. */
export interface TouchedAddresses {
  /** One of the contacts passed or passes the filter, so that the address has had a place on the list because of it. */
  readonly placed: readonly string[];
  /** The contacts neither put the address on the list nor took it off. */
  readonly others: readonly string[];
}

const HOLDINGS_PER_DELETE = 500;

/** How the kind of an address is stored. */
const toStoredKind = (kind: ContactAddress['kind']): string => (typeof kind === 'string' ? kind : `#${kind}`);

/** Lists what the contacts hold. Call it before the contacts change. */
export async function listHoldings(database: Database, accountId: number, contactIds: readonly number[]): Promise<Holdings> {
  const sql = `SELECT h.contact_id AS contactId, h.email AS email, h.invalid_reason AS invalidReason, c.passes_filter AS passesFilter
                 FROM contact_addresses h
                 JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
                WHERE h.account_id = ? AND h.contact_id IN (?)`;
  return groupBy(await queryIn<Holding>(database, sql, [accountId], contactIds), ({ contactId }) => contactId);
}

/** Sorts the valid addresses of a change. */
export function sortTouched(contacts: readonly HoldingContact[], held: Holdings): TouchedAddresses {
  const [placed, others] = [new Set<string>(), new Set<string>()];
  for (const { contactId, content } of contacts) {
    for (const { email, invalidReason, passesFilter } of held.get(contactId) ?? []) {
      if (invalidReason === null) (passesFilter ? placed : others).add(email);
    }
    for (const { email, invalidReason } of content.addresses) {
      if (invalidReason === null) (content.passesFilter ? placed : others).add(email);
    }
  }
  return { placed: [...placed], others: [...others].filter((email) => !placed.has(email)) };
}

/** Makes contacts hold other addresses than before. */
export async function replaceHoldings(
  database: Database,
  accountId: number,
  contacts: readonly HoldingContact[],
  held: Holdings,
): Promise<void> {
  const dropped = contacts.flatMap(({ contactId, content }) => {
    const holdings = held.get(contactId) ?? [];
    if (holdings.length === 0) return [];
    const wanted = new Set([...content.addresses, ...content.unselected].map(({ email }) => email));
    return holdings.filter(({ email }) => !wanted.has(email));
  });
  await dropHoldings(database, accountId, dropped);
  await upsertRows(database, {
    entity: ContactAddressEntity,
    key: ['accountId', 'email', 'contactId'],
    update: incoming('invalidReason', 'kind'),
    rows: contacts.flatMap(({ contactId, content }) => [
      ...content.addresses.map((address) => toRow(accountId, contactId, address)),
      ...content.unselected.map((address) =>
        toRow(accountId, contactId, { ...address, invalidReason: address.invalidReason ?? 'kind_not_selected' }),
      ),
    ]),
  });
}

const toRow = (
  accountId: number,
  contactId: number,
  { email, kind, invalidReason }: Pick<ContactAddress, 'email' | 'kind'> & Pick<ContactAddressEntity, 'invalidReason'>,
): Partial<ContactAddressEntity> => ({ accountId, email, contactId, invalidReason, kind: toStoredKind(kind) });

async function dropHoldings(database: Database, accountId: number, dropped: readonly Holding[]): Promise<void> {
  for (const chunk of chunksOf(dropped, HOLDINGS_PER_DELETE)) {
    const condition = chunk.map(() => '(email = ? AND contact_id = ?)').join(' OR ');
    const params = chunk.flatMap(({ email, contactId }) => [email, contactId]);
    await database.execute(`DELETE FROM contact_addresses WHERE account_id = ? AND (${condition})`, [accountId, ...params]);
  }
}
