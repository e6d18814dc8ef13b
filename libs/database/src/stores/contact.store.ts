import { Injectable } from '@nestjs/common';
import { Clock, type ContactContent, type DirtyCause, type MirrorVersion } from '#domain';
import { Database } from '../database.js';
import { ContactEntity } from '../entities/contact.entity.js';
import { executeIn, incoming, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';
import type { SqlValue } from '../session.js';
import { listHoldings, replaceHoldings, sortTouched } from './contact-holdings.js';
import { markDirty, markPartsStale } from './marks.js';

/** A contact as Kommo has it now, with its content under the settings and the hashes of both. */
export interface ContactVersion extends Pick<
  ContactEntity,
  'contactId' | 'contentHash' | 'modifiedAtSeconds' | 'snapshot' | 'snapshotHash' | 'tags' | 'responsibleUserId'
> {
  readonly content: ContactContent;
}

/** The mirror's version of a contact, with the hash of its stored snapshot. */
export interface StoredVersion extends MirrorVersion {
  readonly snapshotHash: string;
}

/** A contact of the mirror whose content is to be made again from its snapshot. */
export type StoredContact = Pick<ContactEntity, 'contactId' | 'modifiedAtSeconds' | 'contentHash' | 'snapshot'>;

/** Contacts with ids in (`after`, `upTo`] that are not among `seen`. `upTo` null means no end. */
export interface UnseenRange {
  readonly after: number;
  readonly upTo: number | null;
  readonly seen: readonly number[];
}

/** Why the mirror changes, and when (epoch milliseconds; now by default). Its addresses become dirty by the same. */
export interface MirrorChange {
  readonly cause: DirtyCause;
  readonly stampMs?: number;
}

const toRangeSql = ({ after, upTo }: UnseenRange): { sql: string; params: number[] } =>
  upTo === null ? { sql: 'contact_id > ?', params: [after] } : { sql: 'contact_id > ? AND contact_id <= ?', params: [after, upTo] };

const versionFields = ['contactId', 'isDeleted', 'modifiedAtSeconds', 'contentHash', 'snapshotHash', 'updatedAt'] as const;

const toStoredVersion = (row: Pick<ContactEntity, (typeof versionFields)[number]>): StoredVersion => ({
  isDeleted: row.isDeleted,
  modifiedAtSeconds: row.modifiedAtSeconds,
  contentHash: row.contentHash,
  snapshotHash: row.snapshotHash,
  savedAtMs: row.updatedAt,
});

const storedFields = ['contactId', 'modifiedAtSeconds', 'contentHash', 'snapshot'] as const satisfies readonly (keyof StoredContact)[];

/** The larger of the stored and the new modification time. */
const LATER = {
  sql: (incomingOf: (column: string) => string) => laterOf('contacts.modified_at_seconds', incomingOf('modified_at_seconds')),
};
const laterOf = (one: string, other: string): string => `CASE WHEN ${one} < ${other} THEN ${other} ELSE ${one} END`;

/**
 * The mirror of Kommo: contacts and the addresses they hold. Every change of a contact marks its addresses dirty. Call the
 * methods that write inside a transaction.
 */
// SQL by hand: an import reads and writes hundreds of rows per statement.
@Injectable()
export class ContactStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Returns the stored versions of known contacts, deleted ones too, by their id. */
  async findVersions(accountId: number, contactIds: readonly number[]): Promise<Map<number, StoredVersion>> {
    const tail = 'WHERE account_id = ? AND contact_id IN (?)';
    const selection = { entity: ContactEntity, fields: versionFields, tail, params: [accountId] };
    const rows = await selectRowsIn(this.database, selection, contactIds);
    return new Map(rows.map((row) => [row.contactId, toStoredVersion(row)]));
  }

  /** Lists existing contacts with ids above `after`, ascending, with what their content is made of. */
  async listStored(accountId: number, after: number, limit: number): Promise<StoredContact[]> {
    return selectRows(this.database, {
      entity: ContactEntity,
      fields: storedFields,
      tail: 'WHERE account_id = ? AND contact_id > ? AND is_deleted = 0 ORDER BY contact_id LIMIT ?',
      params: [accountId, after, limit],
    });
  }

  /** Lists the existing contacts among these, with what their content is made of. */
  async listStoredAmong(accountId: number, contactIds: readonly number[]): Promise<StoredContact[]> {
    const tail = 'WHERE account_id = ? AND is_deleted = 0 AND contact_id IN (?)';
    return selectRowsIn(this.database, { entity: ContactEntity, fields: storedFields, tail, params: [accountId] }, contactIds);
  }

  /**
   * Stores existing contacts and marks every address dirty that they held or hold. Both get the time `stampMs`. A webhook about a contact
   * that the filter excludes did not remove its addresses: they keep the cause that they have.
   */
  async save(accountId: number, contacts: readonly ContactVersion[], { cause, stampMs = this.clock.nowMs() }: MirrorChange): Promise<void> {
    if (contacts.length === 0) return;
    const contactIds = contacts.map(({ contactId }) => contactId);
    const held = await listHoldings(this.database, accountId, contactIds);
    await upsertRows(this.database, {
      entity: ContactEntity,
      key: ['accountId', 'contactId'],
      update: incoming(
        'isDeleted',
        'passesFilter',
        'name',
        'fields',
        'snapshot',
        'snapshotHash',
        'tags',
        'responsibleUserId',
        'modifiedAtSeconds',
        'contentHash',
        'missingRunId',
        'updatedAt',
      ),
      rows: contacts.map((version) => this.toRow(accountId, version, stampMs)),
    });
    await replaceHoldings(this.database, accountId, contacts, held);
    await markPartsStale(this.database, accountId, contactIds);
    const { placed, others } = sortTouched(contacts, held);
    const mark = { nowMs: stampMs, cause };
    await markDirty(this.database, accountId, placed, mark);
    const otherMark = cause === 'event' ? ({ cause: 'reread', keepsCause: true } as const) : {};
    await markDirty(this.database, accountId, others, { ...mark, ...otherMark, keepsApproval: true });
  }

  /**
   * Stores the snapshots of existing contacts whose content is the same. Their modification time never goes back, unless
   * `isTimeExact` is set.
   */
  async saveUnchanged(accountId: number, contacts: readonly ContactVersion[], { isTimeExact = false } = {}): Promise<void> {
    await upsertRows(this.database, {
      entity: ContactEntity,
      key: ['accountId', 'contactId'],
      update: {
        ...incoming('snapshot', 'snapshotHash', 'tags', 'responsibleUserId', 'missingRunId'),
        modifiedAtSeconds: isTimeExact ? 'incoming' : LATER,
      },
      rows: contacts.map((version) => this.toRow(accountId, version, this.clock.nowMs())),
    });
  }

  /** Turns contacts, known or not, into tombstones and marks the addresses that they held dirty. */
  async markDeleted(
    accountId: number,
    contactIds: readonly number[],
    { cause, stampMs = this.clock.nowMs() }: MirrorChange,
  ): Promise<void> {
    if (contactIds.length === 0) return;
    const held = await listHoldings(this.database, accountId, contactIds);
    await upsertRows(this.database, {
      entity: ContactEntity,
      key: ['accountId', 'contactId'],
      update: incoming('isDeleted', 'name', 'fields', 'snapshot', 'snapshotHash', 'tags', 'contentHash', 'missingRunId', 'updatedAt'),
      rows: contactIds.map((contactId) => ({
        accountId,
        contactId,
        isDeleted: true,
        passesFilter: false,
        name: '',
        fields: {},
        snapshot: null,
        snapshotHash: '',
        tags: null,
        contentHash: '',
        missingRunId: null,
        updatedAt: stampMs,
      })),
    });
    const emptied = contactIds.map((contactId) => ({ contactId, content: { addresses: [], unselected: [], passesFilter: false } }));
    await replaceHoldings(this.database, accountId, emptied, held);
    await markPartsStale(this.database, accountId, contactIds);
    const { placed, others } = sortTouched(emptied, held);
    // A change of a contact decides nothing about a removal that something else has planned; its deletion by a webhook does.
    await markDirty(this.database, accountId, [...placed, ...others], { nowMs: stampMs, cause, endsRemovals: cause === 'event' });
  }

  /** Records that the existing contacts in the range are missing from the run's read. */
  async markMissing(accountId: number, range: UnseenRange & { readonly runId: string }): Promise<void> {
    const { sql, params } = toRangeSql(range);
    const rows = await selectRows(this.database, {
      entity: ContactEntity,
      fields: ['contactId'],
      tail: `WHERE account_id = ? AND is_deleted = 0 AND ${sql}`,
      params: [accountId, ...params],
    });
    const seen = new Set(range.seen);
    const missing = rows.map(({ contactId }) => contactId).filter((id) => !seen.has(id));
    await this.flagMissing(accountId, range.runId, missing);
  }

  /** Records that these contacts are missing from the run's read. */
  async flagMissing(accountId: number, runId: string, contactIds: readonly number[]): Promise<void> {
    const update = 'UPDATE contacts SET missing_run_id = ? WHERE account_id = ? AND contact_id IN (?)';
    await executeIn(this.database, update, [runId, accountId], contactIds);
  }

  /** Records that these contacts are not missing. */
  async clearMissing(accountId: number, contactIds: readonly number[]): Promise<void> {
    const update = 'UPDATE contacts SET missing_run_id = NULL WHERE account_id = ? AND contact_id IN (?)';
    await executeIn(this.database, update, [accountId], contactIds);
  }

  /** Lists contacts missing from the run's read with ids above `after`, ascending. */
  async listMissing(accountId: number, runId: string, after: number, limit: number): Promise<number[]> {
    const rows = await selectRows(this.database, {
      entity: ContactEntity,
      fields: ['contactId'],
      tail: 'WHERE account_id = ? AND missing_run_id = ? AND contact_id > ? AND is_deleted = 0 ORDER BY contact_id LIMIT ?',
      params: [accountId, runId, after, limit],
    });
    return rows.map(({ contactId }) => contactId);
  }

  /** Counts the contacts missing from the run's read. */
  async countMissing(accountId: number, runId: string): Promise<number> {
    return this.countWhere('account_id = ? AND missing_run_id = ? AND is_deleted = 0', [accountId, runId]);
  }

  /** Counts the contacts that Kommo has. */
  async countExisting(accountId: number): Promise<number> {
    // Each count reads one index. That of deleted contacts has no others on SQLite.
    const [row] = await this.database.query<{ total: number }>(
      `SELECT COUNT(*) - (SELECT COUNT(*) FROM contacts WHERE account_id = ? AND is_deleted = 1) AS total FROM contacts WHERE account_id = ?`,
      [accountId, accountId],
    );
    return row?.total ?? 0;
  }

  /** Whether a contact was deleted since then: rows of a paged read have shifted in that case. */
  async hasDeletedSince(accountId: number, sinceMs: number): Promise<boolean> {
    const tail = 'WHERE account_id = ? AND is_deleted = 1 AND updated_at >= ? LIMIT 1';
    const rows = await selectRows(this.database, { entity: ContactEntity, fields: ['contactId'], tail, params: [accountId, sinceMs] });
    return rows.length > 0;
  }

  /** Counts the valid addresses that the contacts in the range hold. */
  async countAddressesOfMissing(accountId: number, range: UnseenRange): Promise<number> {
    const { sql, params } = toRangeSql(range);
    const rows = await this.database.query<{ contactId: number; total: number }>(
      `SELECT contact_id AS contactId, COUNT(*) AS total FROM contact_addresses
        WHERE account_id = ? AND invalid_reason IS NULL AND ${sql} GROUP BY contact_id`,
      [accountId, ...params],
    );
    const seen = new Set(range.seen);
    return rows.reduce((sum, row) => (seen.has(row.contactId) ? sum : sum + row.total), 0);
  }

  private toRow(accountId: number, { content, ...version }: ContactVersion, stampMs: number): Partial<ContactEntity> {
    const { passesFilter, name, fields } = content;
    return { accountId, isDeleted: false, passesFilter, name, fields, ...version, missingRunId: null, updatedAt: stampMs };
  }

  private async countWhere(condition: string, params: readonly SqlValue[]): Promise<number> {
    const [row] = await this.database.query<{ total: number }>(`SELECT COUNT(*) AS total FROM contacts WHERE ${condition}`, params);
    return row?.total ?? 0;
  }
}
