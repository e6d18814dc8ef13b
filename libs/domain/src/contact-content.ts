import { createHash } from 'node:crypto';
import type { AccountSettings } from './account-settings.js';
import type { ContactSnapshot } from './contact-snapshot.js';
import { type ParsedAddress, parseAddress } from './email-address.js';

/** The part of a contact that its rows in Unisender depend on. */
export interface ContactContent {
  readonly name: string;
  /** Each address once, in Kommo's order. */
  readonly addresses: readonly ParsedAddress[];
  /** Unisender field name → value. */
  readonly fields: Readonly<Record<string, string>>;
  /** Whether its tags pass the filter of the settings. */
  readonly passesFilter: boolean;
}

/** Longer names and values are cut: the whole content must fit into 65,535 bytes, a text column of MySQL. */
const MAX_NAME_LENGTH = 1_000;
const MAX_VALUE_LENGTH = 1_000;
const MAX_VALUES_LENGTH = 10_000;

/** Cuts the text, never in the middle of a surrogate pair. */
const shorten = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

function distinctAddresses(emails: readonly string[]): ParsedAddress[] {
  const byEmail = new Map<string, ParsedAddress>();
  for (const raw of emails) {
    const address = parseAddress(raw);
    if (address.invalidReason !== 'empty' && !byEmail.has(address.email)) byEmail.set(address.email, address);
  }
  return [...byEmail.values()];
}

function mapFields(snapshot: ContactSnapshot, settings: AccountSettings): Record<string, string> {
  const wanted = Object.entries(settings.fields);
  const length = Math.min(MAX_VALUE_LENGTH, Math.floor(MAX_VALUES_LENGTH / wanted.length));
  const entries = wanted.map(([source, target]) => [target, shorten(snapshot.fields[source] ?? '', length)]);
  return Object.fromEntries(entries.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))) as Record<string, string>;
}

function passesFilter(tags: readonly string[], { includeTags, excludeTags }: AccountSettings): boolean {
  const included = includeTags.length === 0 || includeTags.some((tag) => tags.includes(tag));
  return included && !excludeTags.some((tag) => tags.includes(tag));
}

/** Reduces a contact to its content under the account's settings. */
export function toContactContent(snapshot: ContactSnapshot, settings: AccountSettings): ContactContent {
  return {
    name: shorten(snapshot.name.trim(), MAX_NAME_LENGTH),
    addresses: distinctAddresses(snapshot.emails),
    fields: mapFields(snapshot, settings),
    passesFilter: passesFilter(snapshot.tags, settings),
  };
}

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Returns the hash of a content, which shows whether a contact changed. 64 hex characters. */
export const hashContent = (content: ContactContent): string =>
  sha256([content.name, content.addresses.map(({ email }) => email), content.fields, content.passesFilter]);

/** Returns the hash of what is pushed for an address, which shows whether to push it again. 64 hex characters. */
export const hashOfPush = (name: string, fields: Readonly<Record<string, string>>): string => sha256([name, fields]);
