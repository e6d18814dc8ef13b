import type { Database, SqlValue } from '#database';

/** A statement with its values. */
interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Tables that may be read as a whole: they have few rows, or none of an account. */
const SMALL_TABLES = new Set(['integrations', 'rate_slots', 'pauses', 'contact_figures', 'sealed_keys', 'key_canaries']);

interface SqliteStep {
  readonly detail: string;
}

interface MysqlStep {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly Extra: string | null;
}

/** A step such as `SCAN events` or `SCAN c USING INDEX ix`. A subquery that was read before has no name of a table. */
function isSqliteScan({ detail }: SqliteStep, sql: string): boolean {
  const [, name = ''] = /^SCAN (\w+)/.exec(detail) ?? [];
  const table = new RegExp(`\\b(\\w+) (?:AS )?${name}\\b`, 'i').exec(sql)?.[1] ?? name;
  const isTable =
    name !== '' && name !== 'CONSTANT' && new RegExp(`\\b(FROM|JOIN|UPDATE|INTO)\\s+(${name}|\\w+\\s+(AS\\s+)?${name})\\b`, 'i').test(sql);
  return isTable && !SMALL_TABLES.has(name) && !SMALL_TABLES.has(table);
}

/** `ALL` reads the table, `index` a whole index. Derived tables are named in angle brackets. */
const isMysqlScan = ({ table, type }: MysqlStep): boolean =>
  table !== null && !table.startsWith('<') && !SMALL_TABLES.has(table) && (type === 'ALL' || type === 'index');

const isExplained = ({ sql }: Statement): boolean => /^\s*(SELECT|UPDATE|DELETE)/i.test(sql);

async function findScans(database: Database, { sql, params }: Statement): Promise<string[]> {
  if (database.kind === 'mysql') {
    const steps = await database.query<MysqlStep>(`EXPLAIN ${sql}`, params);
    return steps.filter(isMysqlScan).map((step) => JSON.stringify(step));
  }
  const steps = await database.query<SqliteStep>(`EXPLAIN QUERY PLAN ${sql}`, params);
  return steps.filter((step) => isSqliteScan(step, sql)).map(({ detail }) => detail);
}

/** What a step of a plan reads, as the database describes it. */
async function listSteps(database: Database, { sql, params }: Statement): Promise<string[]> {
  if (database.kind === 'mysql') return (await database.query(`EXPLAIN ${sql}`, params)).map((step) => JSON.stringify(step));
  return (await database.query<SqliteStep>(`EXPLAIN QUERY PLAN ${sql}`, params)).map(({ detail }) => detail);
}

type Session = Parameters<Parameters<Database['run']>[0]>[0];

/** A database that notes every statement, those of TypeORM's manager too. */
export class RecordedDatabase {
  private readonly statements: Statement[] = [];
  /** Passes everything on, and notes it. */
  readonly database: Database;

  constructor(private readonly target: Database) {
    this.database = Object.create(target, {
      query: { value: (sql: string, params?: readonly SqlValue[]) => target.query(...this.note(sql, params)) },
      execute: { value: (sql: string, params?: readonly SqlValue[]) => target.execute(...this.note(sql, params)) },
      run: { value: <T>(work: (session: Session) => Promise<T>) => target.run((session) => work(this.recorded(session))) },
    }) as Database;
  }

  /** Makes the call. Returns, for each of its statements that reads a whole table or index, the statement and the step. */
  async findScans(call: () => Promise<unknown>): Promise<string[]> {
    this.statements.length = 0;
    await call();
    const scans: string[] = [];
    for (const statement of this.statements.splice(0).filter(isExplained)) {
      for (const step of await findScans(this.target, statement))
        scans.push(`${step} in ${statement.sql.replaceAll(/\s+/g, ' ').slice(0, 300)}`);
    }
    return scans;
  }

  /** Makes the call. Returns the steps of its SELECTs, UPDATEs and DELETEs whose text has these words. */
  async explain(call: () => Promise<unknown>, words: string): Promise<string[]> {
    this.statements.length = 0;
    await call();
    const statements = this.statements.splice(0).filter((statement) => isExplained(statement) && statement.sql.includes(words));
    return (await Promise.all(statements.map((statement) => listSteps(this.target, statement)))).flat();
  }

  private note(sql: string, params: readonly SqlValue[] = []): [string, readonly SqlValue[]] {
    this.statements.push({ sql, params });
    return [sql, params];
  }

  /** Replaces the query runner of the session's manager. */
  private recorded(session: Session): Session {
    const { queryRunner: runner } = session.manager;
    const query = (sql: string, params?: SqlValue[], useStructuredResult?: boolean) => {
      this.note(sql, params);
      return useStructuredResult ? runner?.query(sql, params, true) : runner?.query(sql, params);
    };
    Object.assign(session.manager, { queryRunner: Object.create(runner ?? null, { query: { value: query } }) as unknown });
    return session;
  }
}
