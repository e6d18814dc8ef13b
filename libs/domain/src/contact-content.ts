import { hash } from 'node:crypto';
import type { AccountSettings } from './account-settings.js';
import type { AddressKind, SnapshotEmail, StoredSnapshot } from './contact-snapshot.js';
import { type ParsedAddress, parseAddress } from './email-address.js';

/** The kind of an enum of the field EMAIL by its id, as far as it is known (reference/kommo.md 4.2). */
export type EmailKinds = Readonly<Record<string, AddressKind>>;

/** An address of a contact with its kind, or with the id of an enum whose kind is unknown. */
export interface ContactAddress extends ParsedAddress {
  readonly kind: AddressKind | number;
}

/** The part of a contact that its rows in Unisender depend on. */
export interface ContactContent {
  readonly name: string;
  /** Each address of a selected kind once, in Kommo's order. */
  readonly addresses: readonly ContactAddress[];
  /** The addresses of other kinds. */
  readonly unselected: readonly ContactAddress[];
  /** Unisender field name → value. */
  readonly fields: Readonly<Record<string, string>>;
  /** Whether its tags and its responsible user pass the filter of the settings. */
  readonly passesFilter: boolean;
}

/** Longer names and values are cut: the whole content must fit into 65,535 bytes, a text column of MySQL. */
const MAX_NAME_LENGTH = 1_000;
const MAX_VALUE_LENGTH = 1_000;
const MAX_VALUES_LENGTH = 10_000;

/** Cuts the text, never in the middle of a surrogate pair. */
const shorten = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, '');

/** The kind of an address. An enum of unknown kind, as one that an administrator added, counts as `OTHER`. */
export const resolveKind = (kind: AddressKind | number, kinds: EmailKinds): AddressKind =>
  typeof kind === 'string' ? kind : (kinds[String(kind)] ?? 'OTHER');

const noAddresses: readonly ContactAddress[] = [];

function sortAddresses(emails: readonly SnapshotEmail[], selected: readonly AddressKind[], kinds: EmailKinds) {
  const addresses: ContactAddress[] = [];
  const unselected: ContactAddress[] = [];
  for (const { value, kind } of emails) {
    const { email, invalidReason } = parseAddress(value);
    if (invalidReason === 'empty') continue;
    const place = selected.includes(resolveKind(kind, kinds)) ? addresses : unselected;
    // A contact has few addresses: a map would take longer.
    if (place.some((address) => address.email === email)) continue;
    place.push({ email, invalidReason, kind: typeof kind === 'number' ? (kinds[kind] ?? kind) : kind });
  }
  const isSelected = ({ email }: ContactAddress) => addresses.some((address) => address.email === email);
  return { addresses, unselected: unselected.length === 0 ? noAddresses : unselected.filter((address) => !isSelected(address)) };
}

function mapFields(fields: StoredSnapshot['fields'], settings: AccountSettings): Record<string, string> {
  const wanted = Object.entries(settings.fields);
  const length = Math.min(MAX_VALUE_LENGTH, Math.floor(MAX_VALUES_LENGTH / wanted.length));
  const entries = wanted.map(([source, target]) => [target, shorten(fields[source] ?? '', length)]);
  return Object.fromEntries(entries.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))) as Record<string, string>;
}

/** The form in which tags are compared: equal for tags that differ in case only. */
export const toTagKey = (tag: string): string => tag.trim().normalize('NFC').toLowerCase();

const TAG_SEPARATOR = '\u001f';
const MAX_TAGS_KEY_BYTES = 60_000;

/** The part of a tags key by which a contact with the tag is found: `toTagsKey` contains it. */
export const toTagPattern = (tag: string): string => `${TAG_SEPARATOR}${toTagKey(tag)}${TAG_SEPARATOR}`;

/** Returns the tags of a contact as one text of at most 60,000 bytes; empty without tags. */
export function toTagsKey(tags: readonly string[]): string {
  let key = tags.length === 0 ? '' : TAG_SEPARATOR;
  let bytes = Buffer.byteLength(key);
  for (const tag of tags) {
    const part = toTagKey(tag) + TAG_SEPARATOR;
    bytes += Buffer.byteLength(part);
    if (bytes > MAX_TAGS_KEY_BYTES) break;
    key += part;
  }
  return key;
}

function passesFilter(
  { tags, responsibleUserId }: StoredSnapshot,
  { includeTags, excludeTags, responsibleUserIds }: AccountSettings,
): boolean {
  if (responsibleUserIds.length > 0 && !responsibleUserIds.includes(responsibleUserId)) return false;
  if (includeTags.length + excludeTags.length === 0) return true;
  const keys = new Set(tags.map(toTagKey));
  const hasTag = (tag: string) => keys.has(toTagKey(tag));
  return (includeTags.length === 0 || includeTags.some(hasTag)) && !excludeTags.some(hasTag);
}

/** Reduces a contact to its content under the account's settings. `kinds` is what is known about the account's enums of EMAIL. */
export function toContactContent(snapshot: StoredSnapshot, settings: AccountSettings, kinds: EmailKinds = {}): ContactContent {
  return {
    name: shorten(snapshot.name.trim(), MAX_NAME_LENGTH),
    ...sortAddresses(snapshot.emails, settings.addressKinds, kinds),
    fields: mapFields(snapshot.fields, settings),
    passesFilter: passesFilter(snapshot, settings),
  };
}

const sha256 = (value: unknown) => hash('sha256', JSON.stringify(value));

/** Returns the hash of a content, which shows whether a contact changed. 64 hex characters. */
export const hashContent = (content: ContactContent): string =>
  sha256([content.name, content.addresses.map(({ email }) => email), content.fields, content.passesFilter]);

/** Returns the hash of a packed snapshot, which shows whether to store it again. 64 hex characters. */
export const hashSnapshot = (packed: string): string => hash('sha256', packed);

/** Returns the hash of what is pushed for an address, which shows whether to push it again. 64 hex characters. */
export const hashOfPush = (name: string, fields: Readonly<Record<string, string>>): string => sha256([name, fields]);
