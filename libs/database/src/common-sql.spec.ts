import { describe, expect, it } from '@jest/globals';
import { Linter, type Rule } from 'eslint';
import { getMetadataArgsStorage } from 'typeorm';
import './entities/index.js';

interface CommonSql {
  readonly commonSql: Rule.RuleModule;
  readonly findRefusedSql: (text: string) => string[];
  readonly reservedByMysql: ReadonlySet<string>;
}

const { commonSql, findRefusedSql, reservedByMysql } = (await import(
  new URL('../../../.config/common-sql.js', import.meta.url).href
)) as CommonSql;

const lint = (code: string) =>
  new Linter().verify(code, [{ plugins: { sql: { rules: { common: commonSql } } }, rules: { 'sql/common': 'error' } }]);

describe('the check of SQL', () => {
  it.each([
    'INSERT INTO runs (id) VALUES (?) RETURNING id',
    'INSERT INTO runs (id) VALUES (?) ON CONFLICT (id) DO NOTHING',
    'INSERT INTO runs (id) VALUES (?) ON DUPLICATE KEY UPDATE id = id',
    'INSERT OR IGNORE INTO runs (id) VALUES (?)',
    'INSERT IGNORE INTO runs (id) VALUES (?)',
    'REPLACE INTO runs (id) VALUES (?)',
    'SELECT id FROM runs WHERE id = ? FOR UPDATE',
    'SELECT id FROM runs FOR UPDATE SKIP LOCKED',
    'DELETE FROM runs WHERE id < ? LIMIT 10',
    'UPDATE runs SET state = ? WHERE id < ? LIMIT 10',
    'SELECT id FROM runs WHERE id IN (SELECT id FROM runs LIMIT 10)',
    'UPDATE runs r JOIN accounts a ON a.id = r.account_id SET r.state = ?',
    'UPDATE runs SET state = a.state FROM accounts a',
    'WITH old AS (SELECT id FROM runs) DELETE FROM runs WHERE id IN (SELECT id FROM old)',
    'SELECT id FROM runs INTERSECT SELECT id FROM accounts',
    'SELECT count(*) FILTER (WHERE state = ?) FROM runs',
    'SELECT id FROM runs ORDER BY ended_at NULLS LAST',
    "SELECT 'a' || id FROM runs",
    'SELECT id FROM runs WHERE state <=> ?',
    'SELECT GREATEST(a, b) FROM runs',
    'SELECT group_concat(id) FROM runs',
    "SELECT settings->'$.a' FROM accounts",
    'SELECT NOW() FROM runs',
    'SELECT CAST(id AS INTEGER) FROM runs',
    'SELECT count(*) AS rank FROM runs',
    'PRAGMA wal_checkpoint(TRUNCATE)',
  ])('refuses %s', (sql) => {
    expect(findRefusedSql(sql)).not.toEqual([]);
  });

  it.each([
    'SELECT id FROM runs WHERE account_id = ? ORDER BY id DESC LIMIT 10',
    'DELETE FROM runs WHERE id IN (SELECT id FROM (SELECT id FROM runs LIMIT 10) AS old)',
    'UPDATE runs SET state = COALESCE(?, state) WHERE id = ?',
    'SELECT SUM(CASE WHEN state = ? THEN 1 ELSE 0 END) AS ended FROM runs',
    'SELECT CAST(id AS SIGNED) AS number FROM runs',
    'a sentence that may match or replace anything',
  ])('accepts %s', (sql) => {
    expect(findRefusedSql(sql)).toEqual([]);
  });

  it('refuses it in strings and templates, except in a branch for one database', () => {
    expect(lint("query('SELECT id FROM runs FOR UPDATE')")).toHaveLength(1);
    expect(lint('query(`SELECT id FROM runs ${tail} FOR UPDATE`)')).toHaveLength(1);
    expect(lint("const sql = kind === 'mysql' ? 'SELECT 1 FOR UPDATE' : ''")).toEqual([]);
    expect(lint("function f() { if (kind === 'mysql') return true; return query('PRAGMA optimize'); }")).toEqual([]);
    expect(lint("const now = { mysql: 'SELECT NOW()', sqlite: 'SELECT 1' }")).toEqual([]);
  });
});

it('no table and no column has a name that MySQL 8 reserves', () => {
  const { tables, columns } = getMetadataArgsStorage();
  const names = [...tables.map(({ name }) => name), ...columns.map(({ options, propertyName }) => options.name ?? propertyName)];
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => reservedByMysql.has(String(name)))).toEqual([]);
});
