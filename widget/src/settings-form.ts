import type { Options, Settings } from './service';

/** Every kind of address in Kommo. */
const KINDS: readonly string[] = ['WORK', 'PRIV', 'OTHER'];

/** The settings of the form, all present. */
export interface FormValues {
  readonly list_title: string | null;
  readonly list_id: number | null;
  readonly address_kinds: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  readonly include_tags: readonly string[];
  readonly exclude_tags: readonly string[];
  readonly responsible_user_ids: readonly number[];
  readonly delete_policy: string;
  readonly write_back: boolean;
  readonly write_back_tag: string;
}

/** Fills in what the service does not send. */
export const toFormValues = (settings: Settings): FormValues => ({
  list_title: settings.list_title ?? null,
  list_id: settings.list_id ?? null,
  address_kinds: settings.address_kinds ?? KINDS,
  fields: settings.fields ?? {},
  include_tags: settings.include_tags ?? [],
  exclude_tags: settings.exclude_tags ?? [],
  responsible_user_ids: settings.responsible_user_ids ?? [],
  delete_policy: settings.delete_policy ?? 'delete',
  write_back: settings.write_back ?? true,
  write_back_tag: settings.write_back_tag ?? '',
});

const sorted = (value: unknown): unknown => (Array.isArray(value) ? [...(value as unknown[])].sort() : value);

const areEqual = (one: unknown, other: unknown): boolean => {
  const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
  const comparable = (value: unknown) => JSON.stringify(isRecord(value) ? Object.entries(value).sort() : sorted(value));
  return comparable(one) === comparable(other);
};

/** The settings that differ from the stored ones. A list has a title or an id: only the chosen one is sent. */
export function changedSettings(stored: FormValues, entered: FormValues): Settings {
  const names = Object.keys(entered) as (keyof FormValues)[];
  const changed = names.filter((name) => !areEqual(stored[name], entered[name]));
  const isSent = (name: keyof FormValues) =>
    !(name === 'list_title' && entered.list_id !== null) && !(name === 'list_id' && entered.list_title !== null);
  return Object.fromEntries(changed.filter(isSent).map((name) => [name, entered[name]]));
}

/** The name of a new Unisender field for a Kommo field: Latin letters, digits and `_`. */
export function newFieldName(key: string): string {
  return `kommo_${key.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`.slice(0, 64);
}

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly selected: boolean;
}

/** What the template of the form shows. */
export interface FormView {
  readonly values: FormValues;
  readonly lists: readonly Choice[];
  readonly kinds: readonly Choice[];
  readonly fields: readonly {
    readonly key: string;
    readonly name: string;
    readonly targets: readonly Choice[];
    readonly created: Choice;
  }[];
  readonly includeTags: readonly Choice[];
  readonly excludeTags: readonly Choice[];
  readonly users: readonly Choice[];
}

const toChoices = (names: readonly string[], chosen: readonly string[]): Choice[] =>
  [...new Set([...names, ...chosen])].map((name) => ({ value: name, label: name, selected: chosen.includes(name) }));

function toField(key: string, name: string, target: string, known: readonly string[]): FormView['fields'][number] {
  const created = newFieldName(key);
  const names = [...new Set([...known, ...(target === '' ? [] : [target])])].filter(
    (field) => field !== created || known.includes(field) || target === field,
  );
  return {
    key,
    name,
    targets: names.map((field) => ({ value: field, label: field, selected: field === target })),
    created: { value: names.includes(created) ? '' : created, label: created, selected: false },
  };
}

/** Puts stored values and choices together. A stored value that is no choice any more stays a choice. */
export function toFormView(values: FormValues, options: Options): FormView {
  const targets = options.unisender_fields.map(({ name }) => name);
  const sources = new Map(options.kommo_fields.map(({ key, name }) => [key, name]));
  for (const key of Object.keys(values.fields)) if (!sources.has(key)) sources.set(key, key);
  const users = options.users.map(({ id, name }) => ({
    value: String(id),
    label: name,
    selected: values.responsible_user_ids.includes(id),
  }));
  return {
    values,
    lists: options.lists.map(({ id, title }) => ({ value: String(id), label: title, selected: id === values.list_id })),
    kinds: KINDS.map((kind) => ({ value: kind, label: kind, selected: values.address_kinds.includes(kind) })),
    fields: [...sources].map(([key, name]) => toField(key, name, values.fields[key] ?? '', targets)),
    includeTags: toChoices(options.tags, values.include_tags),
    excludeTags: toChoices(options.tags, values.exclude_tags),
    users,
  };
}
