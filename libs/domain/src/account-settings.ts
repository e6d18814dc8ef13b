import { type FieldProblem, InvalidInputError } from './errors.js';

/** What happens in Unisender to our address when its last contact is deleted: it is deleted there, or taken off our list. */
export type DeletePolicy = 'delete' | 'exclude';

/** The settings of an account. */
export interface AccountSettings {
  /** Title of the list; `Kommo <account_id>` when absent. */
  readonly listTitle?: string;
  readonly deletePolicy: DeletePolicy;
  /** Code or id (as text) of a Kommo field → name of the Unisender field that receives its first value. */
  readonly fields: Readonly<Record<string, string>>;
  /** A contact passes the filter with at least one of these tags; with any tags when this is empty. */
  readonly includeTags: readonly string[];
  /** A contact with one of these tags does not pass the filter. */
  readonly excludeTags: readonly string[];
  /** Whether an unsubscribe is written back to Kommo as a tag. */
  readonly writeBack: boolean;
  /** The name of that tag. */
  readonly writeBackTag: string;
}

/** The settings of a new account. */
export const defaultAccountSettings: AccountSettings = {
  deletePolicy: 'delete',
  fields: {},
  includeTags: [],
  excludeTags: [],
  writeBack: true,
  writeBackTag: 'Unisender: unsubscribed',
};

const MAX_TITLE_LENGTH = 200;
const MAX_TAGS = 50;
const MAX_TAG_LENGTH = 200;
const MAX_FIELDS = 40;
/** For the code or id of a Kommo field. */
const MAX_SOURCE_LENGTH = 64;
/** reference/unisender.md 7: Latin letters, digits and `_`, a letter first. */
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** Names with a meaning of their own in importContacts. */
const RESERVED_FIELD_NAME = /^(email|phone|delete|tags|name)($|_)/i;

type Problems = FieldProblem[];

function readText(value: unknown, field: string, problems: Problems): string | undefined {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TITLE_LENGTH) return value.trim();
  problems.push({ field, problem: `must be a text of 1 to ${MAX_TITLE_LENGTH} characters` });
  return undefined;
}

function readBoolean(value: unknown, field: string, problems: Problems): boolean | undefined {
  if (value === true || value === 1 || value === '1' || value === 'true') return true;
  if (value === false || value === 0 || value === '0' || value === 'false') return false;
  problems.push({ field, problem: 'must be true or false' });
  return undefined;
}

function readTags(value: unknown, field: string, problems: Problems): string[] | undefined {
  const tags = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(tags) || tags.length > MAX_TAGS || tags.some((tag) => typeof tag !== 'string' || tag.length > MAX_TAG_LENGTH)) {
    problems.push({ field, problem: `must be a list of at most ${MAX_TAGS} tag names of at most ${MAX_TAG_LENGTH} characters` });
    return undefined;
  }
  return (tags as string[]).map((tag) => tag.trim()).filter((tag) => tag !== '');
}

function readFields(value: unknown, field: string, problems: Problems): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length > MAX_FIELDS) {
    problems.push({ field, problem: `must map at most ${MAX_FIELDS} Kommo fields to Unisender field names` });
    return undefined;
  }
  const before = problems.length;
  for (const [key, name] of Object.entries(value)) {
    if (key.length > MAX_SOURCE_LENGTH)
      problems.push({ field, problem: `must name Kommo's fields by code or id, of at most ${MAX_SOURCE_LENGTH} characters` });
    if (typeof name !== 'string' || !FIELD_NAME.test(name) || RESERVED_FIELD_NAME.test(name)) {
      problems.push({
        field: `${field}.${key.slice(0, MAX_SOURCE_LENGTH)}`,
        problem: 'must be a Unisender field name: Latin letters, digits and _, not a standard one',
      });
    }
  }
  return problems.length === before ? { ...(value as Record<string, string>) } : undefined;
}

function readPolicy(value: unknown, field: string, problems: Problems): DeletePolicy | undefined {
  if (value === 'delete' || value === 'exclude') return value;
  problems.push({ field, problem: 'must be delete or exclude' });
  return undefined;
}

const readers = {
  list_title: ['listTitle', readText],
  delete_policy: ['deletePolicy', readPolicy],
  fields: ['fields', readFields],
  include_tags: ['includeTags', readTags],
  exclude_tags: ['excludeTags', readTags],
  write_back: ['writeBack', readBoolean],
  write_back_tag: ['writeBackTag', readText],
} as const;

/**
 * Returns the current settings with the given changes, which are in snake_case and may be any subset. Throws InvalidInputError that
 * names every bad or unknown field as `settings.<name>`.
 */
export function parseAccountSettings(input: unknown, current: AccountSettings = defaultAccountSettings): AccountSettings {
  if (input === undefined || input === null) return current;
  if (typeof input !== 'object' || Array.isArray(input)) {
    throw InvalidInputError.ofFields([{ field: 'settings', problem: 'must be an object' }]);
  }
  const problems: Problems = [];
  const changed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(input)) {
    const reader = Object.hasOwn(readers, key) ? readers[key as keyof typeof readers] : undefined;
    if (!reader) problems.push({ field: `settings.${key.slice(0, MAX_SOURCE_LENGTH)}`, problem: 'is not a known setting' });
    else changed[reader[0]] = reader[1](value, `settings.${key}`, problems);
  }
  if (problems.length > 0) {
    throw InvalidInputError.ofFields(problems);
  }
  return { ...current, ...changed };
}

/** Returns the form in which the database stores settings; {@link readStoredSettings} reads it. */
export const toStoredSettings = (settings: AccountSettings): string => JSON.stringify(settings);

/** Reads what {@link toStoredSettings} wrote. A setting that is absent, as one of a newer version, takes its default. */
export const readStoredSettings = (stored: string): AccountSettings => ({
  ...defaultAccountSettings,
  ...(stored === '' ? {} : (JSON.parse(stored) as Partial<AccountSettings>)),
});
