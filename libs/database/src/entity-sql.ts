import type { EntityMetadata } from 'typeorm';
import { BugError, chunksOf } from '#domain';
import type { Database } from './database.js';
import type { SqlValue } from './session.js';

type ColumnMetadata = EntityMetadata['columns'][number];

/** The class of an entity. */
export type EntityClass<Entity extends object> = new () => Entity;

/** The name of a column's property. */
export type Field<Entity> = keyof Entity & string;

/**
 * What a column takes when the row exists: the new value; the stored value unless it is null; or a SQL expression, in which
 * `incoming` names the new value of a column.
 */
export type OnConflict = 'incoming' | 'first' | { readonly sql: string | ((incoming: (column: string) => string) => string) };

/** Rows to insert, and the changes to rows that exist. */
export interface Upsert<Entity extends object> {
  readonly entity: EntityClass<Entity>;
  /** The unique key that decides whether a row exists. */
  readonly key: readonly Field<Entity>[];
  /** Fields that are not named keep their value. */
  readonly update: Readonly<Partial<Record<Field<Entity>, OnConflict>>>;
  /** Every row has the fields of the first. */
  readonly rows: readonly Partial<Entity>[];
}

/** A SELECT of some fields of one entity. */
export interface Selection<Entity extends object, Name extends Field<Entity>> {
  readonly entity: EntityClass<Entity>;
  readonly fields: readonly Name[];
  /** The statement after `FROM <table>`, with the names of the database. */
  readonly tail: string;
  readonly params: readonly SqlValue[];
}

/** MySQL gets statements of some MiB at most. */
const MAX_BOUND_VALUES = 30_000;

/** Values of one statement where a list of any length is looked for. */
const IN_CHUNK = 500;

/** SELECTs of one statement. SQLite takes at most 500. */
const EACH_CHUNK = 64;

/** `?,?,…` for so many values; at least one. */
export const placeholders = (count: number): string => new Array<string>(count).fill('?').join(',');

/** The LIKE pattern for text that contains this text; `!` escapes LIKE's own characters. */
export const containing = (text: string): string => `%${text.replace(/[!%_]/g, '!$&')}%`;

/** The update rule by which these fields take the new value. */
export const incoming = <Name extends string>(...fields: Name[]): Record<Name, 'incoming'> =>
  Object.fromEntries(fields.map((field) => [field, 'incoming'])) as Record<Name, 'incoming'>;

const columnsOf = new WeakMap<EntityMetadata, ReadonlyMap<string, ColumnMetadata>>();

function findColumn(metadata: EntityMetadata, field: string): ColumnMetadata {
  const columns = columnsOf.get(metadata) ?? new Map(metadata.columns.map((each) => [each.propertyName, each]));
  columnsOf.set(metadata, columns);
  const column = columns.get(field);
  if (column) return column;
  throw new BugError(`${metadata.name} has no column for "${field}"`, { code: 'database_statement_refused' });
}

/** Whether the entity's value differs from the driver's. Drivers give and take plain numbers for `bigint`. */
const isConverted = ({ transformer, type }: ColumnMetadata): boolean =>
  type !== 'bigint' && (transformer !== undefined || type === 'boolean');

/** The name of a field's column in the database. */
export const columnOf = <Entity extends object>(database: Database, entity: EntityClass<Entity>, field: Field<Entity>): string =>
  findColumn(database.metadataOf(entity), field).databaseName;

/** The columns of a SELECT, each under its field's name. `alias` is the table's. */
export function fieldList<Entity extends object>(
  database: Database,
  entity: EntityClass<Entity>,
  fields: readonly Field<Entity>[],
  alias?: string,
): string {
  const metadata = database.metadataOf(entity);
  const prefix = alias === undefined ? '' : `${alias}.`;
  return fields.map((field) => `${prefix}\`${findColumn(metadata, field).databaseName}\` AS \`${field}\``).join(', ');
}

function conflictClause<Entity extends object>(
  { kind }: Database,
  metadata: EntityMetadata,
  { key, update }: Omit<Upsert<Entity>, 'rows'>,
): string {
  const nameOf = (field: string) => findColumn(metadata, field).databaseName;
  const incomingOf = (column: string) => (kind === 'mysql' ? `VALUES(${column})` : `excluded.${column}`);
  const valueOf = (column: string, rule: OnConflict) => {
    if (typeof rule === 'object') return typeof rule.sql === 'string' ? rule.sql : rule.sql(incomingOf);
    return rule === 'incoming' ? incomingOf(column) : `COALESCE(${metadata.tableName}.${column}, ${incomingOf(column)})`;
  };
  const updates = Object.entries<OnConflict | undefined>(update).flatMap(([field, rule]) =>
    rule === undefined ? [] : [`${nameOf(field)} = ${valueOf(nameOf(field), rule)}`],
  );
  const keys = key.map(nameOf);
  if (kind === 'mysql') return `ON DUPLICATE KEY UPDATE ${updates.length === 0 ? `${keys[0]} = ${keys[0]}` : updates.join(', ')}`;
  return `ON CONFLICT (${keys.join(',')}) DO ${updates.length === 0 ? 'NOTHING' : `UPDATE SET ${updates.join(', ')}`}`;
}

/**
 * Returns a function that inserts rows, or updates those that exist; every row has these fields. A hot path keeps it: the text of the
 * statement is made once. Otherwise as {@link upsertRows}.
 */
export function prepareUpsert<Entity extends object>(
  database: Database,
  upsert: Omit<Upsert<Entity>, 'rows'>,
  fields: readonly Field<Entity>[],
): (rows: readonly Partial<Entity>[]) => Promise<void> {
  const metadata = database.metadataOf(upsert.entity);
  const { driver } = metadata.dataSource;
  const columns = fields.map((field) => {
    const column = findColumn(metadata, field);
    const toBound = isConverted(column) ? (value: unknown): unknown => driver.preparePersistentValue(value, column) : undefined;
    return { field, name: column.databaseName, toBound };
  });
  const toValues = (row: Partial<Entity>) =>
    columns.map(({ field, toBound }) => ((toBound ? toBound(row[field]) : row[field]) ?? null) as SqlValue);
  const names = columns.map(({ name }) => name).join(',');
  const rowSql = `(${placeholders(columns.length)})`;
  const clause = conflictClause(database, metadata, upsert);
  // SQL by hand: TypeORM's `orUpdate` takes no expressions over the stored row, and is slower by an order of magnitude.
  const insert = `INSERT INTO ${metadata.tableName} (${names}) VALUES`;
  if (database.kind === 'sqlite') {
    const sql = `${insert} ${rowSql} ${clause}`;
    return (rows) => database.executeEach(sql, rows.map(toValues));
  }
  return async (rows) => {
    for (const chunk of chunksOf(rows, Math.floor(MAX_BOUND_VALUES / columns.length))) {
      const values = new Array<string>(chunk.length).fill(rowSql).join(',');
      await database.execute(`${insert} ${values} ${clause}`, chunk.flatMap(toValues));
    }
  };
}

/**
 * Inserts rows, or updates those that exist. Long lists take several statements, which are atomic only inside a transaction.
 * A `sql` rule names stored values as `table.column`. MySQL assigns in the order of `update`: a rule sees the new value of a
 * column that is named before it.
 */
export async function upsertRows<Entity extends object>(database: Database, { rows, ...upsert }: Upsert<Entity>): Promise<void> {
  const [first] = rows;
  if (first) await prepareUpsert(database, upsert, Object.keys(first) as Field<Entity>[])(rows);
}

/** Rows that are alike but for one text field, or for two. */
export interface AlikeRows<Entity extends object> extends Omit<Upsert<Entity>, 'rows'> {
  readonly common: Partial<Entity>;
  /** A field of the key, and the other field that differs. */
  readonly differing: readonly [Field<Entity>, Field<Entity>?];
  /** The other field's value by that of the first. */
  readonly values: ReadonlyMap<string, string | null>;
}

/** An object with hundreds of names that no other has takes five times as long. */
const toJsonObject = (values: ReadonlyMap<string, string | null>): string =>
  `{${Array.from(values, ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;

/**
 * As {@link upsertRows}. On SQLite it binds the values that differ as one JSON text: reading them from JSON takes less time than binding
 * each.
 */
export async function upsertAlike<Entity extends object>(database: Database, alike: AlikeRows<Entity>): Promise<void> {
  const { entity, key, update, common, differing, values } = alike;
  if (values.size === 0) return;
  const [first, second] = differing;
  if (database.kind === 'mysql') {
    const toRow = ([one, other]: [string, string | null]) => ({ ...common, [first]: one, ...(second ? { [second]: other } : {}) });
    return upsertRows(database, { entity, key, update, rows: [...values].map((entry) => toRow(entry) as Partial<Entity>) });
  }
  const metadata = database.metadataOf(entity);
  const shared = toColumnValues(database, entity, common);
  const columns = [
    ...shared.map(({ column }) => column),
    ...differing.flatMap((field) => (field ? findColumn(metadata, field).databaseName : [])),
  ];
  const selected = [...shared.map(() => '?'), 'key', ...(second ? ['value'] : [])];
  const clause = conflictClause(database, metadata, { key, update, entity });
  // Without WHERE, SQLite would read ON CONFLICT as the condition of a join.
  const sql = `INSERT INTO ${metadata.tableName} (${columns.join(',')}) SELECT ${selected.join(',')} FROM json_each(?) WHERE 1 = 1 ${clause}`;
  await database.execute(sql, [...shared.map(({ value }) => value), toJsonObject(values)]);
}

/** The columns of these fields with the values that a statement binds. Fields without a value are left out. */
export function toColumnValues<Entity extends object>(
  database: Database,
  entity: EntityClass<Entity>,
  fields: Partial<Entity>,
): { readonly column: string; readonly value: SqlValue }[] {
  const metadata = database.metadataOf(entity);
  return Object.entries(fields).flatMap(([field, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const column = findColumn(metadata, field);
    const bound = isConverted(column) ? (metadata.dataSource.driver.preparePersistentValue(value, column) as unknown) : value;
    return [{ column: column.databaseName, value: bound as SqlValue }];
  });
}

/** Reads fields of one entity by a statement of our own, without TypeORM's cost per row. */
export async function selectRows<Entity extends object, Name extends Field<Entity>>(
  database: Database,
  { entity, fields, tail, params }: Selection<Entity, Name>,
): Promise<Pick<Entity, Name>[]> {
  const metadata = database.metadataOf(entity);
  const sql = `SELECT ${fieldList(database, entity, fields)} FROM ${metadata.tableName} ${tail}`;
  const rows = await database.query<Pick<Entity, Name>>(sql, params);
  hydrate(database, entity, fields, rows);
  return rows;
}

/** Replaces what the driver returned for these fields by the entity's values. */
export function hydrate<Entity extends object>(
  database: Database,
  entity: EntityClass<Entity>,
  fields: readonly Field<Entity>[],
  rows: readonly object[],
): void {
  const metadata = database.metadataOf(entity);
  const { driver } = metadata.dataSource;
  for (const field of fields) {
    const column = findColumn(metadata, field);
    if (!isConverted(column)) continue;
    for (const row of rows as Record<string, unknown>[]) row[field] = driver.prepareHydratedValue(row[field], column);
  }
}

const wholeSelects = new WeakMap<EntityMetadata, { readonly sql: string; readonly converted: readonly ColumnMetadata[] }>();

/** The SELECT of all fields of an entity, and the columns whose values differ from the driver's. */
function wholeSelectOf<Entity extends object>(database: Database, entity: EntityClass<Entity>) {
  const metadata = database.metadataOf(entity);
  const known = wholeSelects.get(metadata);
  if (known) return known;
  const fields = metadata.columns.map(({ propertyName }) => propertyName as Field<Entity>);
  const sql = `SELECT ${fieldList(database, entity, fields)} FROM ${metadata.tableName} `;
  const whole = { sql, converted: metadata.columns.filter(isConverted) };
  wholeSelects.set(metadata, whole);
  return whole;
}

/** Reads whole entities by a statement of our own: TypeORM builds the text of each SELECT anew. `tail` follows `FROM <table>`. */
export async function selectEntities<Entity extends object>(
  database: Database,
  entity: EntityClass<Entity>,
  tail: string,
  params: readonly SqlValue[],
): Promise<Entity[]> {
  const { sql, converted } = wholeSelectOf(database, entity);
  const { driver } = database.metadataOf(entity).dataSource;
  const rows = await database.query<Record<string, unknown>>(sql + tail, params);
  for (const column of converted) {
    const { propertyName } = column;
    for (const row of rows) row[propertyName] = driver.prepareHydratedValue(row[propertyName], column);
  }
  return rows as Entity[];
}

const withList = (sql: string, count: number) => sql.replace('IN (?)', `IN (${placeholders(count)})`);

/**
 * Repeats the last value until the list has one of a few lengths, so that SQLite prepares few statements. MySQL gets the list as it is.
 */
function padded({ kind }: Database, values: readonly SqlValue[]): readonly SqlValue[] {
  const last = values.at(-1);
  if (kind === 'mysql' || last === undefined) return values;
  const length = Math.min(IN_CHUNK, 2 ** Math.ceil(Math.log2(values.length)));
  return [...values, ...new Array<SqlValue>(length - values.length).fill(last)];
}

/** The rows of a {@link Selection} whose last condition is `IN (?)`, for any number of values. */
export async function selectRowsIn<Entity extends object, Name extends Field<Entity>>(
  database: Database,
  selection: Selection<Entity, Name>,
  values: readonly SqlValue[],
): Promise<Pick<Entity, Name>[]> {
  const rows: Pick<Entity, Name>[] = [];
  for (const chunk of chunksOf(values, IN_CHUNK)) {
    const list = padded(database, chunk);
    const tail = withList(selection.tail, list.length);
    rows.push(...(await selectRows(database, { ...selection, tail, params: [...selection.params, ...list] })));
  }
  return rows;
}

/** The rows of a SELECT whose last condition is `IN (?)`, for any number of values. */
export async function queryIn<R extends object>(
  database: Database,
  sql: string,
  params: readonly SqlValue[],
  values: readonly SqlValue[],
): Promise<R[]> {
  const rows: R[] = [];
  for (const chunk of chunksOf(values, IN_CHUNK)) {
    const list = padded(database, chunk);
    rows.push(...(await database.query<R>(withList(sql, list.length), [...params, ...list])));
  }
  return rows;
}

/** The rows of a SELECT for each of these values, which is its last one, in any order. A value may be looked for twice. */
export async function queryEach<R extends object>(
  database: Database,
  sql: string,
  params: readonly SqlValue[],
  values: readonly SqlValue[],
): Promise<R[]> {
  const rows: R[] = [];
  for (const chunk of chunksOf(values, EACH_CHUNK)) {
    const list = padded(database, chunk);
    const union = list.map(() => sql).join(' UNION ALL ');
    rows.push(
      ...(await database.query<R>(
        union,
        list.flatMap((value) => [...params, value]),
      )),
    );
  }
  return rows;
}

/** Runs an UPDATE or DELETE whose last condition is `IN (?)`, for any number of values. Returns how many rows it matched. */
export async function executeIn(
  database: Database,
  sql: string,
  params: readonly SqlValue[],
  values: readonly SqlValue[],
): Promise<number> {
  let matched = 0;
  for (const chunk of chunksOf(values, IN_CHUNK)) {
    const list = padded(database, chunk);
    matched += await database.execute(withList(sql, list.length), [...params, ...list]);
  }
  return matched;
}

/** Throws BugError when there is no ambient transaction: a lock would end with its own statement. */
export const assertInTransaction = (database: Database): void => {
  if (!database.isInTransaction) {
    throw new BugError('a row lock needs a transaction', { code: 'database_transaction_missing' });
  }
};

/** Ends a SELECT that must hold its rows until the transaction ends. An SQLite transaction locks the whole file anyway. */
export const forUpdate = ({ kind }: Database): '' | ' FOR UPDATE' => (kind === 'mysql' ? ' FOR UPDATE' : '');
