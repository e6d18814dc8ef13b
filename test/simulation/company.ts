import { type Contact, unpackFields } from '../../apps/sandbox/src/kommo/contact.js';
import type { KommoAccount } from '../../apps/sandbox/src/kommo/account.js';
import type { UnisenderAccount } from '../../apps/sandbox/src/unisender/account.js';

/** The kind of an address in Kommo. */
type AddressKind = 'WORK' | 'PRIV' | 'OTHER';

/** How Unisender and the service treat an address. */
export type AddressClass = 'valid' | 'role' | 'invalid';

/** Addresses that contacts may have: as written in Kommo, and what they are. */
const POOL: readonly { readonly text: string; readonly email: string; readonly class: AddressClass; readonly kind?: AddressKind }[] = [
  { text: 'a@example.com', email: 'a@example.com', class: 'valid' },
  { text: 'b@example.com', email: 'b@example.com', class: 'valid', kind: 'PRIV' },
  { text: ' C@Example.com ', email: 'c@example.com', class: 'valid' },
  { text: 'd+tag@example.com', email: 'd+tag@example.com', class: 'valid', kind: 'OTHER' },
  { text: 'before@example.com', email: 'before@example.com', class: 'valid' },
  { text: 'left@example.com', email: 'left@example.com', class: 'valid' },
  { text: 'info@example.com', email: 'info@example.com', class: 'role' },
  { text: '444', email: '444', class: 'invalid' },
  ...['e', 'f', 'g', 'h', 'i', 'j'].map((name) => ({
    text: `${name}@example.com`,
    email: `${name}@example.com`,
    class: 'valid' as const,
  })),
];

/** Names of contacts; some are empty. */
export const NAMES = ['Anna', 'Борис', '', 'Zoë', 'A & B'] as const;
/** Values of the field POSITION. */
export const POSITIONS = ['CEO', '', 'Clerk'] as const;
/** Tags of contacts. */
export const TAGS = ['VIP', 'other'] as const;

/** The settings of an account that the oracle understands. */
export interface KnownSettings {
  readonly includeTags: readonly string[];
  readonly excludeTags: readonly string[];
  readonly addressKinds: readonly AddressKind[];
  readonly fields: Readonly<Record<string, string>>;
}

/** What Kommo wants for one address. */
export interface WantedAddress {
  readonly email: string;
  readonly class: AddressClass;
  readonly name: string;
  readonly position: string;
}

/** A company with its accounts at both vendors. */
export interface Company {
  readonly accountId: number;
  readonly kommo: KommoAccount;
  unisender: UnisenderAccount;
  /** The Unisender key that the service accepted last. */
  savedKey?: string;
  /** Addresses that the operator added: true when the service reported that it is done, or will be. False when that is not known. */
  readonly added: Map<string, boolean>;
  /** Addresses that the operator had erased. Those that the service may not delete stay in Unisender, unknown to it. */
  readonly erased: Set<string>;
  /** Contacts in the order of their creation. */
  readonly contactIds: number[];
}

/** The titles that an account may choose for its list. */
export const titlesOf = (accountId: number): readonly string[] => [`Kommo ${accountId}`, `Clients ${accountId}`, `Новости ${accountId}`];

/** The text of an address for Kommo. */
export const textOfAddress = (index: number): string => POOL[index % POOL.length]?.text ?? '';

/** The kind of an address in Kommo, by its text. */
const kindOfText = (text: string): AddressKind => POOL.find((address) => address.text === text)?.kind ?? 'WORK';

/** The address for Kommo, with its kind. */
export const toKommoValue = (text: string) => ({ value: text, enum: kindOfText(text) });

/** The text of the address of an additional contact. */
export const extraAddress = (index: number): string => `extra${index}@example.com`;

/** The address of the pool as Unisender keeps it. */
export const emailOf = (index: number): string => POOL[index % POOL.length]?.email ?? '';

/** Addresses that Unisender has before the account is connected. */
export const BEFORE = { active: 'before@example.com', unsubscribed: 'left@example.com' } as const;

/** Whether Unisender imports the address. */
export const isValidAddress = (email: string): boolean => POOL.some((address) => address.email === email && address.class === 'valid');

function addressOf(text: string): Pick<WantedAddress, 'email' | 'class'> {
  const known = POOL.find((address) => address.text === text);
  return known ?? { email: text.trim().toLowerCase(), class: 'valid' };
}

const valuesOf = (kommo: KommoAccount, contact: Contact, code: string): string[] => {
  const field = kommo.dictionary.findByCode(code);
  return unpackFields(contact.fields)
    .filter(({ fieldId }) => fieldId === field?.id)
    .flatMap(({ values }) => values.map(({ value }) => String(value)));
};

function passes(contact: Contact, { includeTags, excludeTags }: KnownSettings): boolean {
  const tags = (contact.tags ?? []).map(({ name }) => name.toLowerCase());
  const has = (wanted: readonly string[]) => wanted.some((tag) => tags.includes(tag.toLowerCase()));
  return (includeTags.length === 0 || has(includeTags)) && !has(excludeTags);
}

const livingContacts = ({ kommo }: Company): Contact[] =>
  [...kommo.contacts.list()].filter(({ isDeleted }) => !isDeleted).sort((one, other) => one.id - other.id);

/** The number of contacts that are not deleted. */
export const countContacts = (company: Company): number => livingContacts(company).length;

/** The addresses that should be on the account's list, before consent: of the contact with the lowest id for each. */
export function wantedAddresses(company: Company, settings: KnownSettings): Map<string, WantedAddress> {
  const wanted = new Map<string, WantedAddress>();
  for (const contact of livingContacts(company).filter((each) => passes(each, settings))) {
    const position = valuesOf(company.kommo, contact, 'POSITION')[0] ?? '';
    for (const text of valuesOf(company.kommo, contact, 'EMAIL').filter((each) => settings.addressKinds.includes(kindOfText(each)))) {
      const address = addressOf(text);
      if (!wanted.has(address.email)) wanted.set(address.email, { ...address, name: contact.name, position });
    }
  }
  return wanted;
}

/** Whether a contact holds the address, with a filter or without. */
export const isHeld = (company: Company, email: string): boolean =>
  wantedAddresses(company, { includeTags: [], excludeTags: [], addressKinds: ['WORK', 'PRIV', 'OTHER'], fields: {} }).has(email);
