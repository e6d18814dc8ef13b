import { Injectable } from '@nestjs/common';
import { type AccountSettings, type EmailKinds, resolveKind, toTagPattern } from '#domain';
import { Database } from '../database.js';
import { placeholders } from '../entity-sql.js';
import type { SqlValue } from '../session.js';

/** What changed settings would do, in addresses. */
export interface SettingsEffect {
  readonly wouldAdd: number;
  readonly wouldRemove: number;
}

interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

const ALWAYS: Condition = { sql: '1 = 1', params: [] };

const allOf = (...conditions: readonly Condition[]): Condition => ({
  sql: conditions.map(({ sql }) => `(${sql})`).join(' AND '),
  params: conditions.flatMap(({ params }) => params),
});

const isIn = (column: string, values: readonly SqlValue[]): Condition =>
  values.length === 0 ? { sql: '1 = 0', params: [] } : { sql: `${column} IN (${placeholders(values.length)})`, params: values };

const hasTag = (tags: readonly string[]): Condition => ({
  sql: tags.map(() => 'INSTR(c.tags, ?) > 0').join(' OR '),
  params: tags.map(toTagPattern),
});

function hasNoTag(tags: readonly string[]): Condition {
  const { sql, params } = hasTag(tags);
  return { sql: `NOT (${sql})`, params };
}

function isOfKind({ addressKinds }: AccountSettings, emailKinds: EmailKinds): Condition {
  const known = Object.keys(emailKinds).map((id) => `#${id}`);
  const selected = Object.keys(emailKinds).filter((id) => addressKinds.includes(resolveKind(Number(id), emailKinds)));
  const byName = isIn('h.kind', [...addressKinds, ...selected.map((id) => `#${id}`)]);
  if (!addressKinds.includes('OTHER')) return byName;
  const isUnknown: Condition = known.length === 0 ? ALWAYS : { sql: `NOT (${isIn('h.kind', known).sql})`, params: known };
  const byId = allOf({ sql: "h.kind LIKE '#%'", params: [] }, isUnknown);
  return { sql: `${byName.sql} OR (${byId.sql})`, params: [...byName.params, ...byId.params] };
}

function passesFilter({ includeTags, excludeTags, responsibleUserIds }: AccountSettings): Condition {
  return allOf(
    responsibleUserIds.length === 0 ? ALWAYS : isIn('c.responsible_user_id', responsibleUserIds),
    includeTags.length === 0 ? ALWAYS : hasTag(includeTags),
    excludeTags.length === 0 ? ALWAYS : hasNoTag(excludeTags),
  );
}

/** Counts what changed settings would do to the addresses of an account. */
// SQL by hand: one statement over the whole mirror of an account.
@Injectable()
export class SettingsEffectStore {
  constructor(private readonly database: Database) {}

  /**
   * Counts the addresses that the settings would add to the list, and those that they would take off it. Unsubscribed addresses are
   * neither. Reads every contact of the account once.
   */
  async count(accountId: number, settings: AccountSettings, emailKinds: EmailKinds): Promise<SettingsEffect> {
    const isValid: Condition = { sql: "h.invalid_reason IS NULL OR h.invalid_reason = 'kind_not_selected'", params: [] };
    const will = allOf(isValid, isOfKind(settings, emailKinds), passesFilter(settings));
    const [row] = await this.database.query<{ wouldAdd: number | null; wouldRemove: number | null }>(
      `SELECT SUM(CASE WHEN was = 0 AND will = 1 THEN 1 ELSE 0 END) AS wouldAdd,
              SUM(CASE WHEN was = 1 AND will = 0 THEN 1 ELSE 0 END) AS wouldRemove
         FROM (SELECT h.email AS email,
                      MAX(CASE WHEN c.passes_filter = 1 AND h.invalid_reason IS NULL THEN 1 ELSE 0 END) AS was,
                      MAX(CASE WHEN ${will.sql} THEN 1 ELSE 0 END) AS will
                 FROM contacts c
                 JOIN contact_addresses h ON h.account_id = c.account_id AND h.contact_id = c.contact_id
                 LEFT JOIN addresses a ON a.account_id = h.account_id AND a.email = h.email
                WHERE c.account_id = ? AND c.is_deleted = 0 AND COALESCE(a.consent, 'mailable') = 'mailable' AND COALESCE(a.is_manual, 0) = 0
                GROUP BY h.email) AS held`,
      [...will.params, accountId],
    );
    return { wouldAdd: Number(row?.wouldAdd ?? 0), wouldRemove: Number(row?.wouldRemove ?? 0) };
  }
}
