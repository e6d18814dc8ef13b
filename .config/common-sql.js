/**
 * What a statement may not contain, with the reason: one of SQLite, MariaDB ≥ 10.6 and MySQL ≥ 8.0 does not have it, or it means
 * something else there. The tests run on SQLite and MariaDB only.
 */
export const refusedSql = [
  [/\bRETURNING\b/, 'MySQL has no RETURNING'],
  [/\bON CONFLICT\b|\bexcluded\./, 'only SQLite has ON CONFLICT: use upsertRows'],
  [/\bON DUPLICATE KEY\b|\bVALUES\(\w+\)/, 'only MySQL has ON DUPLICATE KEY: use upsertRows'],
  [/\bINSERT (OR|IGNORE)\b|\bUPDATE (OR|IGNORE)\b/, 'each database has its own form: use upsertRows'],
  [/\bREPLACE INTO\b/, 'it deletes the row first, and with it the rows that refer to it: use upsertRows'],
  [/\bFOR (UPDATE|SHARE)\b|\bSKIP LOCKED\b|\bLOCK IN SHARE MODE\b/, 'SQLite has no row locks: use forUpdate'],
  [/\b(UPDATE|DELETE FROM) \w+ (?!.*\bSELECT\b).*\bLIMIT\b/s, 'SQLite has no LIMIT in UPDATE and DELETE'],
  [/\bIN \(SELECT\b[^()]*\bLIMIT\b/s, 'MySQL has no LIMIT in a subquery of IN: select from a derived table'],
  [/\bUPDATE \w+( \w+)? (JOIN|INNER JOIN|LEFT JOIN)\b|\bUPDATE \w+,|\bDELETE \w+ FROM\b/, 'SQLite changes one table in a statement'],
  [/\bUPDATE \w+ SET\b(?!.*\bSELECT\b).*\bFROM\b/s, 'MySQL has no UPDATE … FROM'],
  [/^\s*WITH\b.*\b(UPDATE \w+ SET|DELETE FROM)\b/s, 'MariaDB has no WITH before UPDATE and DELETE'],
  [/\bFULL (OUTER )?JOIN\b/, 'MySQL has no FULL JOIN'],
  [/\b(INTERSECT|EXCEPT)\b/, 'MySQL has them since 8.0.31 only'],
  [/\bFILTER \(/, 'only SQLite has FILTER: use SUM(CASE …)'],
  [/\bNULLS (FIRST|LAST)\b/, 'MySQL has no NULLS FIRST: order by "column IS NULL" before'],
  [/\|\|/, 'it means OR in MySQL: join strings in the program'],
  [/<=>|\bIS (NOT )?DISTINCT FROM\b/, 'no form of it exists in all databases'],
  [/\b(GLOB|REGEXP|RLIKE|ILIKE|MATCH)\b/, 'no form of it exists in all databases: use LIKE … ESCAPE'],
  [/\b(IF|IIF|GREATEST|LEAST)\(/, 'no form of it exists in all databases: use CASE'],
  [/\bGROUP_CONCAT\(/i, 'the separator has another form in each database, and MySQL cuts the result'],
  [/\bJSON_\w+\(|->/i, 'results differ: read the column and parse it in the program'],
  [
    /\b(NOW|UTC_TIMESTAMP|UNIX_TIMESTAMP|julianday|strftime|unixepoch|datetime)\(|\bCURRENT_(TIME|TIMESTAMP|DATE)\b/i,
    'use nowSql: milliseconds by the clock of the database',
  ],
  [/\bCAST\([^)]* AS (?!SIGNED\b|CHAR\b)/i, 'of the types of CAST only SIGNED and CHAR exist in all databases'],
  [/\b(PRAGMA|ATTACH|AUTO_?INCREMENT|STRAIGHT_JOIN|SQL_CALC_FOUND_ROWS|INDEXED BY|GET_LOCK|RELEASE_LOCK)\b/, 'only one database has it'],
  [/\b(FORCE|USE|IGNORE) INDEX\b/, 'SQLite has no index hints'],
];

/** Words that MySQL 8 reserves and MariaDB does not: no table, column or alias may have such a name. */
export const reservedByMysql = new Set(
  `cube cume_dist dense_rank empty except first_value function grouping groups intersect json_table lag last_value lateral lead
   manual nth_value ntile of over parallel percent_rank qualify rank recursive row_number system tablesample window`.split(/\s+/),
);

/** The reasons why a statement works in one database and not in another; empty for a text that is no SQL. */
export function findRefusedSql(text) {
  if (!/\b(SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|SET|JOIN|ORDER BY|GROUP BY|LIMIT|AND|CASE|PRAGMA|COALESCE|ON|DO|INTO)\b/.test(text))
    return [];
  const found = refusedSql.filter(([form]) => form.test(text)).map(([, reason]) => reason);
  const aliases = [...text.matchAll(/\bAS (\w+)/g)].map(([, name]) => name.toLowerCase());
  return [...found, ...aliases.filter((name) => reservedByMysql.has(name)).map((name) => `MySQL reserves the word "${name}"`)];
}

const isDialectTest = (node, sourceCode) => /'(sqlite|mysql)'/.test(sourceCode.getText(node));

const leaves = ({ consequent }) =>
  /^(Return|Throw)/.test((consequent.type === 'BlockStatement' ? consequent.body.at(-1) : consequent)?.type ?? '');

/** Whether a statement before this one in its block leaves the function for the other database. */
const followsDialectReturn = (statement, block, sourceCode) =>
  block.body
    .slice(0, block.body.indexOf(statement))
    .some((each) => each.type === 'IfStatement' && isDialectTest(each.test, sourceCode) && leaves(each));

/**
 * A branch for one database: `kind === 'mysql' ? … : …`, `if (kind === 'sqlite')`, the statements after `if (kind === 'mysql') return`,
 * and `{ sqlite: …, mysql: … }`.
 */
function isInDialectBranch(node, sourceCode) {
  for (let each = node; each.parent; each = each.parent) {
    const { parent } = each;
    if (parent.type === 'Property' && ['sqlite', 'mysql'].includes(parent.key.name)) return true;
    if (parent.type === 'BlockStatement' && followsDialectReturn(each, parent, sourceCode)) return true;
    const isBranch = ['ConditionalExpression', 'IfStatement'].includes(parent.type) && each !== parent.test;
    if (isBranch && isDialectTest(parent.test, sourceCode)) return true;
  }
  return false;
}

/** ESLint rule: SQL that is not in a branch for one database uses only what SQLite, MariaDB and MySQL have in common. */
export const commonSql = {
  meta: { type: 'problem', schema: [], messages: { refused: 'This SQL does not work in every database: {{reason}}.' } },
  create(context) {
    function check(node, text) {
      const reasons = findRefusedSql(text);
      if (reasons.length === 0 || isInDialectBranch(node, context.sourceCode)) return;
      for (const reason of reasons) context.report({ node, messageId: 'refused', data: { reason } });
    }
    return {
      Literal: (node) => typeof node.value === 'string' && node.parent.type !== 'TSLiteralType' && check(node, node.value),
      TemplateLiteral: (node) => check(node, node.quasis.map(({ value }) => value.cooked).join('?')),
    };
  },
};
