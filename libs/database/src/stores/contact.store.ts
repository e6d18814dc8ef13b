import { type Clock, type ContactContent, type MirrorVersion, chunksOf, groupBy } from '#domain';
import type { Database } from '../database.js';
import type { SqlValue } from '../session.js';
import { executeIn, incoming, queryIn, upsertRows } from '../sql.js';
import { markDirty } from './dirty-mark.js';

/** A contact as it now stands in Kommo, with the hash of its content. */
export interface ContactVersion {
  readonly contactId: number;
  readonly content: ContactContent;
  readonly contentHash: string;
  /** Seconds; 0 when Kommo told none. */
  readonly modifiedAtSeconds: number;
}

interface VersionRow {
  readonly contact_id: number;
  readonly state: string;
  readonly modified_at_seconds: number;
  readonly content_hash: string;
  readonly updated_at: number;
}

const HOLDINGS_PER_DELETE = 500;

const toVersion = (row: VersionRow): MirrorVersion => ({
  isDeleted: row.state === 'deleted',
  modifiedAtSeconds: row.modified_at_seconds,
  contentHash: row.content_hash,
  savedAtMs: row.updated_at,
});

/**
 * One half of the mirror: what Kommo has, contacts and the addresses they hold. Every change of a contact marks the addresses
 * it touches dirty in the same transaction.
 */
export class ContactStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The standing versions of those contacts that the mirror knows. */
  async findVersions(accountId: number, contactIds: readonly number[]): Promise<Map<number, MirrorVersion>> {
    const rows = await queryIn<VersionRow>(
      this.database,
      'SELECT contact_id, state, modified_at_seconds, content_hash, updated_at FROM contacts WHERE account_id = ? AND contact_id IN (?)',
      [accountId],
      contactIds,
    );
    return new Map(rows.map((row) => [row.contact_id, toVersion(row)]));
  }

  /** Stores living contacts and marks every address they held or hold dirty, both as of `stampMs`. Call inside a transaction. */
  async save(accountId: number, contacts: readonly ContactVersion[], stampMs = this.clock.nowMs()): Promise<void> {
    if (contacts.length === 0) return;
    await upsertRows(this.database, {
      table: 'contacts',
      columns: [
        'account_id',
        'contact_id',
        'state',
        'passes_filter',
        'name',
        'fields',
        'modified_at_seconds',
        'content_hash',
        'missing_run_id',
        'updated_at',
      ],
      key: ['account_id', 'contact_id'],
      update: incoming('state', 'passes_filter', 'name', 'fields', 'modified_at_seconds', 'content_hash', 'missing_run_id', 'updated_at'),
      rows: contacts.map(({ contactId, content, contentHash, modifiedAtSeconds }) => [
        accountId,
        contactId,
        'living',
        content.passesFilter ? 1 : 0,
        content.name,
        JSON.stringify(content.fields),
        modifiedAtSeconds,
        contentHash,
        null,
        stampMs,
      ]),
    });
    await this.replaceAddresses(accountId, contacts, stampMs);
  }

  /** Moves the modification time of contacts whose content stayed the same; never back. */
  async touch(accountId: number, contacts: readonly Pick<ContactVersion, 'contactId' | 'modifiedAtSeconds'>[]): Promise<void> {
    for (const [modifiedAtSeconds, group] of groupBy(contacts, (contact) => contact.modifiedAtSeconds)) {
      await executeIn(
        this.database,
        `UPDATE contacts SET modified_at_seconds = CASE WHEN modified_at_seconds < ? THEN ? ELSE modified_at_seconds END,
                missing_run_id = NULL WHERE account_id = ? AND contact_id IN (?)`,
        [modifiedAtSeconds, modifiedAtSeconds, accountId],
        group.map(({ contactId }) => contactId),
      );
    }
  }

  /** Turns contacts, known or not, into tombstones and marks what they held dirty. Call inside a transaction. */
  async markDeleted(accountId: number, contactIds: readonly number[]): Promise<void> {
    if (contactIds.length === 0) return;
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      table: 'contacts',
      columns: ['account_id', 'contact_id', 'state', 'passes_filter', 'name', 'fields', 'content_hash', 'missing_run_id', 'updated_at'],
      key: ['account_id', 'contact_id'],
      update: incoming('state', 'name', 'fields', 'content_hash', 'missing_run_id', 'updated_at'),
      rows: contactIds.map((contactId) => [accountId, contactId, 'deleted', 0, '', '{}', '', null, nowMs]),
    });
    await this.replaceAddresses(
      accountId,
      contactIds.map((contactId) => ({ contactId, content: { addresses: [] } })),
      nowMs,
    );
  }

  /** Living contacts with an id in (`after`, `upTo`] that are not among `seen` are missing from the run's read; `upTo` null = no end. */
  async markMissing(
    accountId: number,
    range: { readonly after: number; readonly upTo: number | null; readonly seen: readonly number[]; readonly runId: string },
  ): Promise<void> {
    const rows = await this.database.query<{ contact_id: number }>(
      `SELECT contact_id FROM contacts WHERE account_id = ? AND state = 'living' AND contact_id > ?${range.upTo === null ? '' : ' AND contact_id <= ?'}`,
      range.upTo === null ? [accountId, range.after] : [accountId, range.after, range.upTo],
    );
    const seen = new Set(range.seen);
    const missing = rows.map(({ contact_id }) => contact_id).filter((id) => !seen.has(id));
    await executeIn(
      this.database,
      'UPDATE contacts SET missing_run_id = ? WHERE account_id = ? AND contact_id IN (?)',
      [range.runId, accountId],
      missing,
    );
  }

  /** Contacts missing from the run's read with ids above `after`, ascending. */
  async listMissing(accountId: number, runId: string, after: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ contact_id: number }>(
      `SELECT contact_id FROM contacts WHERE account_id = ? AND missing_run_id = ? AND contact_id > ? AND state = 'living'
        ORDER BY contact_id LIMIT ?`,
      [accountId, runId, after, limit],
    );
    return rows.map(({ contact_id }) => contact_id);
  }

  /** How many contacts are missing from the run's read. */
  async countMissing(accountId: number, runId: string): Promise<number> {
    return this.countWhere(`account_id = ? AND missing_run_id = ? AND state = 'living'`, [accountId, runId]);
  }

  /** How many contacts the mirror holds that Kommo still has. */
  async countLiving(accountId: number): Promise<number> {
    return this.countWhere(`account_id = ? AND state = 'living'`, [accountId]);
  }

  /**
   * Living contacts by what became of them: `failing` with an address that is invalid or that Unisender refused, else `excluded`
   * by the filter or an unsubscribe, else `inSync` when nothing of them waits to be told. What is left waits. Of all contacts,
   * or of those with ids in (`after`, `upTo`].
   */
  async countByOutcome(
    accountId: number,
    { after = 0, upTo = Number.MAX_SAFE_INTEGER }: { readonly after?: number | undefined; readonly upTo?: number | undefined } = {},
  ): Promise<{ total: number; inSync: number; excluded: number; failing: number }> {
    const [row] = await this.database.query<{ total: number; failing: number | null; excluded: number | null; in_sync: number | null }>(
      `SELECT COUNT(*) AS total, SUM(failing) AS failing, SUM(CASE WHEN failing = 0 THEN excluded ELSE 0 END) AS excluded,
              SUM(CASE WHEN failing = 0 AND excluded = 0 AND waiting = 0 THEN 1 ELSE 0 END) AS in_sync
         FROM (SELECT MAX(CASE WHEN h.invalid_reason IS NOT NULL OR a.rejected_code IS NOT NULL THEN 1 ELSE 0 END) AS failing,
                      MAX(CASE WHEN c.passes_filter = 0 OR a.consent <> 'mailable' THEN 1 ELSE 0 END) AS excluded,
                      MAX(CASE WHEN a.dirty_since IS NOT NULL THEN 1 ELSE 0 END) AS waiting
                 FROM contacts c
                 LEFT JOIN contact_addresses h ON h.account_id = c.account_id AND h.contact_id = c.contact_id
                 LEFT JOIN addresses a ON a.account_id = h.account_id AND a.email = h.email
                WHERE c.account_id = ? AND c.state = 'living' AND c.contact_id > ? AND c.contact_id <= ?
                GROUP BY c.contact_id) AS outcomes`,
      [accountId, after, upTo],
    );
    return { total: row?.total ?? 0, inSync: row?.in_sync ?? 0, excluded: row?.excluded ?? 0, failing: row?.failing ?? 0 };
  }

  /** The id of the account's `n`-th contact after that id, or undefined when there are fewer. */
  async findNth(accountId: number, after: number, n: number): Promise<number | undefined> {
    const [row] = await this.database.query<{ contact_id: number }>(
      'SELECT contact_id FROM contacts WHERE account_id = ? AND contact_id > ? ORDER BY contact_id LIMIT 1 OFFSET ?',
      [accountId, after, n - 1],
    );
    return row?.contact_id;
  }

  /** Whether a contact became a tombstone since: rows of a paged read shifted then. */
  async hasVanishedSince(accountId: number, sinceMs: number): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT contact_id FROM contacts WHERE account_id = ? AND state = 'deleted' AND updated_at >= ? LIMIT 1`,
      [accountId, sinceMs],
    );
    return rows.length > 0;
  }

  /** How many addresses the contacts in (`after`, `upTo`] hold that are not among `seen`; `upTo` null = no end. */
  async countAddressesOfMissing(
    accountId: number,
    range: { readonly after: number; readonly upTo: number | null; readonly seen: readonly number[] },
  ): Promise<number> {
    const rows = await this.database.query<{ contact_id: number; total: number }>(
      `SELECT contact_id, COUNT(*) AS total FROM contact_addresses
        WHERE account_id = ? AND invalid_reason IS NULL AND contact_id > ?${range.upTo === null ? '' : ' AND contact_id <= ?'} GROUP BY contact_id`,
      range.upTo === null ? [accountId, range.after] : [accountId, range.after, range.upTo],
    );
    const seen = new Set(range.seen);
    return rows.reduce((sum, row) => (seen.has(row.contact_id) ? sum : sum + row.total), 0);
  }

  private async replaceAddresses(
    accountId: number,
    contacts: readonly { contactId: number; content: Pick<ContactContent, 'addresses'> }[],
    nowMs: number,
  ): Promise<void> {
    const held = await this.listHeld(
      accountId,
      contacts.map(({ contactId }) => contactId),
    );
    const dropped: [contactId: number, email: string][] = [];
    const dirty = new Set<string>();
    for (const { contactId, content } of contacts) {
      const wanted = new Set(content.addresses.map(({ email }) => email));
      for (const { email } of held.get(contactId) ?? []) {
        dirty.add(email);
        if (!wanted.has(email)) dropped.push([contactId, email]);
      }
      for (const { email, invalidReason } of content.addresses) if (invalidReason === null) dirty.add(email);
    }
    await this.dropHoldings(accountId, dropped);
    await upsertRows(this.database, {
      table: 'contact_addresses',
      columns: ['account_id', 'email', 'contact_id', 'invalid_reason'],
      key: ['account_id', 'email', 'contact_id'],
      update: { invalid_reason: 'incoming' },
      rows: contacts.flatMap(({ contactId, content }) =>
        content.addresses.map(({ email, invalidReason }) => [accountId, email, contactId, invalidReason]),
      ),
    });
    await markDirty(this.database, accountId, [...dirty], nowMs);
  }

  private async listHeld(accountId: number, contactIds: readonly number[]): Promise<Map<number, { email: string }[]>> {
    const rows = await queryIn<{ contact_id: number; email: string }>(
      this.database,
      'SELECT contact_id, email FROM contact_addresses WHERE account_id = ? AND contact_id IN (?)',
      [accountId],
      contactIds,
    );
    return groupBy(rows, ({ contact_id }) => contact_id);
  }

  private async dropHoldings(accountId: number, dropped: readonly (readonly [number, string])[]): Promise<void> {
    for (const chunk of chunksOf(dropped, HOLDINGS_PER_DELETE)) {
      const condition = chunk.map(() => '(email = ? AND contact_id = ?)').join(' OR ');
      await this.database.execute(`DELETE FROM contact_addresses WHERE account_id = ? AND (${condition})`, [
        accountId,
        ...chunk.flatMap(([contactId, email]) => [email, contactId]),
      ]);
    }
  }

  private async countWhere(condition: string, params: readonly SqlValue[]): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(`SELECT COUNT(*) AS total FROM contacts WHERE ${condition}`, params);
    return row?.total ?? 0;
  }
}
