import type { AddressKind } from './contact-snapshot.js';
import { type FieldProblem, InvalidInputError } from './errors.js';

/** What happens in Unisender to our address when its last contact is deleted: it is deleted there, or taken off our list. */
export type DeletePolicy = 'delete' | 'exclude';

/** The settings of an account. */
export interface AccountSettings {
  /** Title of the list; `Kommo <account_id>` when neither a title nor an id is chosen. */
  readonly listTitle?: string;
  /** The chosen list. Never set together with a title. */
  readonly listId?: number;
  readonly deletePolicy: DeletePolicy;
  /** The kinds of addresses that are synced. Never empty. */
  readonly addressKinds: readonly AddressKind[];
  /** Code or id (as text) of a Kommo field → name of the Unisender field that receives its first value. */
  readonly fields: Readonly<Record<string, string>>;
  /** A contact passes the filter with at least one of these tags; with any tags when this is empty. Compared without case. */
  readonly includeTags: readonly string[];
  /** A contact with one of these tags does not pass the filter. Compared without case. */
  readonly excludeTags: readonly string[];
  /** A contact passes the filter with one of these responsible users; with any user when this is empty. */
  readonly responsibleUserIds: readonly number[];
  /** Whether an unsubscribe is written back to Kommo as a tag. */
  readonly writeBack: boolean;
  /** The name of that tag. */
  readonly writeBackTag: string;
  /** A removal of more of the account's addresses than this waits for confirmation; the configured limit when absent. */
  readonly removalLimitPercent?: number;
}

/** Every kind of address, in the order of storage. */
export const addressKinds: readonly AddressKind[] = ['WORK', 'PRIV', 'OTHER'];

/** The settings of a new account. */
export const defaultAccountSettings: AccountSettings = {
  deletePolicy: 'delete',
  addressKinds,
  fields: {},
  includeTags: [],
  excludeTags: [],
  responsibleUserIds: [],
  writeBack: true,
  writeBackTag: 'Unisender: unsubscribed',
};

/** Settings under the names of the API. */
export interface AccountSettingsView {
  readonly list_title: string | null;
  readonly list_id: number | null;
  readonly delete_policy: DeletePolicy;
  readonly address_kinds: readonly AddressKind[];
  readonly fields: Readonly<Record<string, string>>;
  readonly include_tags: readonly string[];
  readonly exclude_tags: readonly string[];
  readonly responsible_user_ids: readonly number[];
  readonly write_back: boolean;
  readonly write_back_tag: string;
  /** Null: the limit of the configuration. */
  readonly removal_limit_percent: number | null;
}

/** Returns settings under the names of the API; {@link parseSettingsPatch} accepts the result. */
export const toSettingsView = (settings: AccountSettings): AccountSettingsView => ({
  list_title: settings.listTitle ?? null,
  list_id: settings.listId ?? null,
  delete_policy: settings.deletePolicy,
  address_kinds: settings.addressKinds,
  fields: settings.fields,
  include_tags: settings.includeTags,
  exclude_tags: settings.excludeTags,
  responsible_user_ids: settings.responsibleUserIds,
  write_back: settings.writeBack,
  write_back_tag: settings.writeBackTag,
  removal_limit_percent: settings.removalLimitPercent ?? null,
});

const MAX_TITLE_LENGTH = 200;
const MAX_TAGS = 50;
const MAX_TAG_LENGTH = 200;
const MAX_USERS = 100;
/** Unisender allows 50 fields of the user in one import (reference/unisender.md 3). */
const MAX_FIELDS = 50;
/** For the code or id of a Kommo field. */
const MAX_SOURCE_LENGTH = 64;
/** reference/unisender.md 7: Latin letters, digits and `_`, a letter first. */
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** Columns of importContacts and system fields of Unisender: all of their names begin like this (reference/unisender.md 4.2). */
const UNISENDER_PREFIX = /^(email|phone)_/i;
/** Names with a meaning of their own in importContacts. The service itself fills `Name`. */
const RESERVED_FIELD_NAME = /^(email|phone|delete|tags|name)$/i;

type Problems = FieldProblem[];
type Reader<Value> = (value: unknown, field: string, problems: Problems) => Value | undefined;

const readText: Reader<string> = (value, field, problems) => {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TITLE_LENGTH) return value.trim();
  problems.push({ field, problem: `must be a text of 1 to ${MAX_TITLE_LENGTH} characters` });
  return undefined;
};

const readBoolean: Reader<boolean> = (value, field, problems) => {
  if (value === true || value === 1 || value === '1' || value === 'true') return true;
  if (value === false || value === 0 || value === '0' || value === 'false') return false;
  problems.push({ field, problem: 'must be true or false' });
  return undefined;
};

/** A list, as JSON or as a text with commas. */
const toList = (value: unknown): unknown => (typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value);

const readTags: Reader<string[]> = (value, field, problems) => {
  const tags = toList(value);
  if (!Array.isArray(tags) || tags.length > MAX_TAGS || tags.some((tag) => typeof tag !== 'string' || tag.length > MAX_TAG_LENGTH)) {
    problems.push({ field, problem: `must be a list of at most ${MAX_TAGS} tag names of at most ${MAX_TAG_LENGTH} characters` });
    return undefined;
  }
  return [...new Set((tags as string[]).map((tag) => tag.trim()).filter((tag) => tag !== ''))];
};

const isDigits = (value: unknown): boolean => typeof value === 'string' && /^\d{1,15}$/.test(value);

const toId = (value: unknown): number => (typeof value === 'number' || isDigits(value) ? Number(value) : Number.NaN);

const readListId: Reader<number> = (value, field, problems) => {
  const id = toId(value);
  if (Number.isSafeInteger(id) && id > 0) return id;
  problems.push({ field, problem: 'must be the id of a list in Unisender' });
  return undefined;
};

const readUserIds: Reader<number[]> = (value, field, problems) => {
  const items = toList(value);
  const ids = Array.isArray(items) ? items.filter((item) => item !== '').map(toId) : [Number.NaN];
  if (ids.length <= MAX_USERS && ids.every((id) => Number.isSafeInteger(id) && id >= 0)) return [...new Set(ids)];
  problems.push({ field, problem: `must be a list of at most ${MAX_USERS} ids of Kommo users` });
  return undefined;
};

const readKinds: Reader<readonly AddressKind[]> = (value, field, problems) => {
  const items = toList(value);
  const wanted = new Set<unknown>(
    Array.isArray(items) ? items.map((item: unknown) => (typeof item === 'string' ? item.toUpperCase() : item)) : [undefined],
  );
  const kinds = addressKinds.filter((kind) => wanted.has(kind));
  if (kinds.length === wanted.size) return kinds;
  problems.push({ field, problem: `must be a list of ${addressKinds.join(', ')}` });
  return undefined;
};

const readPercent: Reader<number> = (value, field, problems) => {
  const percent = toId(value);
  if (Number.isInteger(percent) && percent >= 0 && percent <= 100) return percent;
  problems.push({ field, problem: 'must be a whole number from 0 to 100' });
  return undefined;
};

const readPolicy: Reader<DeletePolicy> = (value, field, problems) => {
  if (value === 'delete' || value === 'exclude') return value;
  problems.push({ field, problem: 'must be delete or exclude' });
  return undefined;
};

function findTargetProblem(name: unknown, targets: ReadonlySet<string>): string | undefined {
  if (typeof name === 'string' && UNISENDER_PREFIX.test(name)) {
    return 'begins with email_ or phone_, as the names of Unisender itself do: choose another name';
  }
  if (typeof name !== 'string' || !FIELD_NAME.test(name) || RESERVED_FIELD_NAME.test(name)) {
    return 'must be a Unisender field name: Latin letters, digits and _, not a standard one';
  }
  return targets.has(name) ? `is the second source of ${name}: a Unisender field has one source` : undefined;
}

function findSourceProblem(key: string): string | undefined {
  if (key.trim() === '' || key.length > MAX_SOURCE_LENGTH) {
    return `must name Kommo's fields by code or id, of at most ${MAX_SOURCE_LENGTH} characters`;
  }
  return key === 'EMAIL' ? 'must not name EMAIL: its values are the addresses' : undefined;
}

const readFields: Reader<Record<string, string>> = (value, field, problems) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length > MAX_FIELDS) {
    problems.push({ field, problem: `must map at most ${MAX_FIELDS} Kommo fields to Unisender field names` });
    return undefined;
  }
  const before = problems.length;
  const targets = new Set<string>();
  for (const [key, name] of Object.entries(value)) {
    const sourceProblem = findSourceProblem(key);
    const targetProblem = findTargetProblem(name, targets);
    if (sourceProblem) problems.push({ field, problem: sourceProblem });
    if (targetProblem) problems.push({ field: `${field}.${key.slice(0, MAX_SOURCE_LENGTH)}`, problem: targetProblem });
    targets.add(String(name));
  }
  return problems.length === before ? { ...(value as Record<string, string>) } : undefined;
};

const readers = {
  list_title: ['listTitle', readText],
  list_id: ['listId', readListId],
  delete_policy: ['deletePolicy', readPolicy],
  address_kinds: ['addressKinds', readKinds],
  fields: ['fields', readFields],
  include_tags: ['includeTags', readTags],
  exclude_tags: ['excludeTags', readTags],
  responsible_user_ids: ['responsibleUserIds', readUserIds],
  write_back: ['writeBack', readBoolean],
  write_back_tag: ['writeBackTag', readText],
  removal_limit_percent: ['removalLimitPercent', readPercent],
} as const satisfies Readonly<Record<string, readonly [keyof AccountSettings, Reader<unknown>]>>;

type Changes = { -readonly [Name in keyof AccountSettings]?: AccountSettings[Name] | undefined };

const isReset = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

/** A list has a title or an id in the settings: the later choice replaces the earlier one. */
function readListChoice(changes: Changes, problems: Problems, prefix: string): Changes {
  const { listTitle, listId } = changes;
  if (listTitle !== undefined && listId !== undefined) {
    problems.push({ field: `${prefix}list_id`, problem: 'must not be given together with list_title' });
  }
  if (listTitle !== undefined) return { ...changes, listId: undefined };
  return listId === undefined ? changes : { ...changes, listTitle: undefined };
}

/** Settings with every key in one order and without undefined values, so that equal settings are stored as equal texts. */
function toCanonical(settings: Changes): AccountSettings {
  const keys = Object.values(readers).map(([name]) => name);
  const entries = keys.map((key) => [key, settings[key] ?? (defaultAccountSettings as Changes)[key]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as unknown as AccountSettings;
}

/** A checked change of settings: returns the given settings with the change. */
export type SettingsPatch = (current: AccountSettings) => AccountSettings;

/**
 * Reads changes in snake_case, which may be any subset of the settings; `null` or `[]` resets a setting to its default. Throws
 * InvalidInputError that names every bad or unknown field, after `prefix`.
 */
export function parseSettingsPatch(input: unknown, prefix = 'settings.'): SettingsPatch {
  if (input === undefined || input === null) return (current) => current;
  if (typeof input !== 'object' || Array.isArray(input)) {
    throw InvalidInputError.ofFields([{ field: 'settings', problem: 'must be an object' }]);
  }
  const problems: Problems = [];
  const changes: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(input)) {
    const reader = Object.hasOwn(readers, key) ? readers[key as keyof typeof readers] : undefined;
    if (!reader) problems.push({ field: `${prefix}${key.slice(0, MAX_SOURCE_LENGTH)}`, problem: 'is not a known setting' });
    else changes[reader[0]] = isReset(value) ? undefined : reader[1](value, `${prefix}${key}`, problems);
  }
  const changed = readListChoice(changes, problems, prefix);
  if (problems.length > 0) throw InvalidInputError.ofFields(problems);
  return (current) => toCanonical({ ...current, ...changed });
}

/** Returns the form in which the database stores settings; {@link readStoredSettings} reads it. */
export const toStoredSettings = (settings: AccountSettings): string => JSON.stringify(toCanonical(settings));

/** Reads what {@link toStoredSettings} wrote. A setting that is absent, as one of a newer version, takes its default. */
export const readStoredSettings = (stored: string): AccountSettings => ({
  ...defaultAccountSettings,
  ...(stored === '' ? {} : (JSON.parse(stored) as Partial<AccountSettings>)),
});

/** Whether both settings give every contact the same content: the same addresses, fields and result of the filter. */
export function haveSameContent(one: AccountSettings, other: AccountSettings): boolean {
  const contentOf = ({ addressKinds: kinds, fields, includeTags, excludeTags, responsibleUserIds }: AccountSettings) =>
    JSON.stringify([
      kinds,
      Object.entries(fields).sort(),
      [...includeTags].sort(),
      [...excludeTags].sort(),
      [...responsibleUserIds].sort(),
    ]);
  return contentOf(one) === contentOf(other);
}
