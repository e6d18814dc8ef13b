/** A kind of e-mail address in Kommo, by the code of its enum (reference/kommo.md 4.2). */
export type AddressKind = 'WORK' | 'PRIV' | 'OTHER';

/** One value of the field with code EMAIL. */
export interface SnapshotEmail {
  /** As typed: neither trimmed nor checked (reference/kommo.md 4.2). */
  readonly value: string;
  /** The id of its enum, which webhooks and the API have; the kind itself where Kommo names no id; `OTHER` without an enum. */
  readonly kind: AddressKind | number;
}

/** The full state of a contact as Kommo sent it, by webhook or by API. `ContactContent` is its part that matters under the settings. */
export interface ContactSnapshot {
  readonly contactId: number;
  /** Empty when the contact has none. */
  readonly name: string;
  /** The values of the field with code EMAIL, in Kommo's order. */
  readonly emails: readonly SnapshotEmail[];
  /** Kommo's modification time in seconds. */
  readonly modifiedAtSeconds: number | undefined;
  /** In the trash, or part of an incoming lead that was not accepted (reference/kommo.md 7). */
  readonly isDeleted: boolean;
  readonly tags: readonly string[];
  /** 0 when a robot is responsible, and when Kommo names no user. */
  readonly responsibleUserId: number;
  /** First value of every other field, under its code (if it has one) and under its id as text. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The part of a snapshot that settings select from. The mirror stores it, so that changed settings need no call to Kommo. */
export type StoredSnapshot = Pick<ContactSnapshot, 'name' | 'emails' | 'tags' | 'responsibleUserId' | 'fields'>;

/** A text column of MySQL holds 65,535 bytes. */
const MAX_STORED_BYTES = 60_000;
const MAX_NAME_LENGTH = 1_000;
const MAX_EMAILS = 100;
const MAX_EMAIL_LENGTH = 320;
const MAX_TAGS = 250;
const MAX_TAG_LENGTH = 200;
const MAX_VALUE_LENGTH = 1_000;

/** Characters that JSON writes in six bytes: control characters and halves of a surrogate pair. */

const COSTLY = /[\u0000-\u0008\u000b-\u001f\ud800-\udfff]/;

const CONTROL = /[\u0000-\u0008\u000b-\u001f]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Cuts the text, never in the middle of a surrogate pair. Control characters become spaces. */
function shorten(text: string, length: number): string {
  const cut = text.length > length ? text.slice(0, length).replace(/[\ud800-\udbff]$/, '') : text;
  return COSTLY.test(cut) ? cut.replace(LONE_SURROGATE, '\ufffd').replace(CONTROL, ' ') : cut;
}

const shortenFields = (fields: StoredSnapshot['fields'], length: number): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [shorten(key, MAX_TAG_LENGTH), shorten(value, length)]));

const sizeOf = (snapshot: StoredSnapshot): number => Buffer.byteLength(JSON.stringify(snapshot));

/** More than the bytes of the snapshot as JSON: at most three for a character, and some around each value. */
function estimateSize({ name, emails, tags, fields }: StoredSnapshot): number {
  const texts = [name, ...tags, ...emails.map(({ value }) => value), ...Object.keys(fields), ...Object.values(fields)];
  return texts.reduce((sum, text) => sum + 3 * text.length + 40, 100);
}

/** Halves the longest values until the snapshot fits. A contact of that size is no real one; its short values are kept. */
function limitSize(snapshot: StoredSnapshot): StoredSnapshot {
  if (estimateSize(snapshot) <= MAX_STORED_BYTES) return snapshot;
  let limited = snapshot;
  for (let length = MAX_VALUE_LENGTH; length > 0 && sizeOf(limited) > MAX_STORED_BYTES; length >>= 1) {
    limited = { ...limited, fields: shortenFields(limited.fields, length >> 1) };
  }
  if (sizeOf(limited) > MAX_STORED_BYTES) limited = { ...limited, fields: {} };
  while (sizeOf(limited) > MAX_STORED_BYTES) {
    const { emails, tags } = limited;
    limited = { ...limited, emails: emails.slice(0, emails.length >> 1), tags: tags.slice(0, tags.length >> 1) };
  }
  return limited;
}

/**
 * Returns what the mirror stores of a contact: at most 60,000 bytes as JSON. Far larger than any real contact, so that only hostile
 * ones are cut. The content of a contact is made from the result, so that a webhook and a later change of settings agree.
 */
export function toStoredSnapshot({ name, emails, tags, responsibleUserId, fields }: StoredSnapshot): StoredSnapshot {
  return limitSize({
    name: shorten(name, MAX_NAME_LENGTH),
    emails: emails.slice(0, MAX_EMAILS).map(({ value, kind }) => ({ value: shorten(value, MAX_EMAIL_LENGTH), kind })),
    tags: tags.slice(0, MAX_TAGS).map((tag) => shorten(tag, MAX_TAG_LENGTH)),
    responsibleUserId,
    fields: shortenFields(fields, MAX_VALUE_LENGTH),
  });
}

/** The compact form of a snapshot in the database. */
type PackedSnapshot = readonly [
  name: string,
  emails: readonly (readonly [string, AddressKind | number])[],
  tags: readonly string[],
  responsibleUserId: number,
  fields: Readonly<Record<string, string>>,
];

/** Returns the text under which the database stores a snapshot; {@link readPackedSnapshot} reads it. */
export const packSnapshot = ({ name, emails, tags, responsibleUserId, fields }: StoredSnapshot): string =>
  JSON.stringify([name, emails.map(({ value, kind }) => [value, kind]), tags, responsibleUserId, fields] satisfies PackedSnapshot);

/** Reads what {@link packSnapshot} wrote. */
export function readPackedSnapshot(text: string): StoredSnapshot {
  const [name, emails, tags, responsibleUserId, fields] = JSON.parse(text) as PackedSnapshot;
  return { name, emails: emails.map(([value, kind]) => ({ value, kind })), tags, responsibleUserId, fields };
}
