import {
  type AddressHolder,
  type AddressOrigin,
  type AddressRecord,
  type AddressState,
  type ContactContent,
  type MirrorVersion,
  type Subscription,
  chunksOf,
  groupBy,
} from '#domain';
import type { Executor } from '../executor.js';
import { placeholders, upsertRows } from '../sql.js';

/** A contact as it now stands in Kommo, with the hash of its content. */
export interface ContactVersion {
  readonly contactId: number;
  readonly content: ContactContent;
  readonly contentHash: string;
  /** Seconds; 0 when Kommo told none. */
  readonly modifiedAtSeconds: number;
}

/** An address whose Unisender row may differ from what the mirror says. */
export interface DirtyAddress extends AddressRecord {
  readonly holder: AddressHolder | undefined;
  /** When it was first sent, epoch ms; null when it never was. */
  readonly firstSentAt: number | null;
}

/** What waits to be told. */
export interface DirtyBacklog {
  /** Counted up to 500. */
  readonly rows: number;
  readonly oldestSince: number | null;
}

/** One row of a Unisender export. */
export interface ExportedAddress {
  readonly email: string;
  readonly subscription: Subscription;
  readonly onOurList: boolean;
}

/** What a call to Unisender did to one address. */
export interface ToldAddress {
  readonly email: string;
  readonly state: AddressState;
  readonly origin: AddressOrigin;
  readonly toldHash: string | null;
  readonly rejectedCode: string | null;
}

interface DirtyRow {
  email: string;
  origin: AddressOrigin;
  state: AddressState;
  told_hash: string | null;
  subscription: Subscription;
  first_sent_at: number | null;
  holder_id: number | null;
}

interface HolderRow {
  contact_id: number;
  name: string;
  fields: string;
}

const IN_CHUNK = 500;

/**
 * The mirror: what Kommo has (contacts and the addresses they hold) and what Unisender was told (addresses).
 * Every change of a contact marks the addresses it touches dirty in the same transaction; telling Unisender clears the mark.
 */
export class MirrorStore {
  constructor(private readonly database: Executor) {}

  /** The standing versions of those contacts that the mirror knows. */
  async findVersions(accountId: number, contactIds: readonly number[]): Promise<Map<number, MirrorVersion>> {
    const versions = new Map<number, MirrorVersion>();
    for (const ids of chunksOf(contactIds, IN_CHUNK)) {
      const rows = await this.database.query<{
        contact_id: number;
        state: string;
        modified_at_seconds: number;
        content_hash: string;
        updated_at: number;
      }>(
        `SELECT contact_id, state, modified_at_seconds, content_hash, updated_at FROM contacts WHERE account_id = ? AND contact_id IN (${placeholders(ids.length)})`,
        [accountId, ...ids],
      );
      for (const row of rows) {
        versions.set(Number(row.contact_id), {
          gone: row.state === 'gone',
          modifiedAtSeconds: Number(row.modified_at_seconds),
          contentHash: row.content_hash,
          savedAtMs: Number(row.updated_at),
        });
      }
    }
    return versions;
  }

  /** Stores living contacts and marks every address they held or hold dirty. Call inside a transaction. */
  async saveContacts(tx: Executor, accountId: number, contacts: readonly ContactVersion[], nowMs: number): Promise<void> {
    if (contacts.length === 0) return;
    await upsertRows(tx, {
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
      update: {
        state: 'incoming',
        passes_filter: 'incoming',
        name: 'incoming',
        fields: 'incoming',
        modified_at_seconds: 'incoming',
        content_hash: 'incoming',
        missing_run_id: 'incoming',
        updated_at: 'incoming',
      },
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
        nowMs,
      ]),
    });
    await this.replaceAddresses(tx, accountId, contacts, nowMs);
  }

  /** Moves the modification time of contacts whose content stayed the same. */
  async touchContacts(
    tx: Executor,
    accountId: number,
    contacts: readonly Pick<ContactVersion, 'contactId' | 'modifiedAtSeconds'>[],
  ): Promise<void> {
    const idsByTime = groupBy(contacts, ({ modifiedAtSeconds }) => modifiedAtSeconds);
    for (const [modifiedAtSeconds, group] of idsByTime) {
      await tx.execute(
        `UPDATE contacts SET modified_at_seconds = ?, missing_run_id = NULL WHERE account_id = ? AND contact_id IN (${placeholders(group.length)})`,
        [modifiedAtSeconds, accountId, ...group.map(({ contactId }) => contactId)],
      );
    }
  }

  /** Turns contacts, known or not, into tombstones and marks what they held dirty. Call inside a transaction. */
  async buryContacts(tx: Executor, accountId: number, contactIds: readonly number[], nowMs: number): Promise<void> {
    if (contactIds.length === 0) return;
    await upsertRows(tx, {
      table: 'contacts',
      columns: ['account_id', 'contact_id', 'state', 'passes_filter', 'name', 'fields', 'content_hash', 'missing_run_id', 'updated_at'],
      key: ['account_id', 'contact_id'],
      update: {
        state: 'incoming',
        name: 'incoming',
        fields: 'incoming',
        content_hash: 'incoming',
        missing_run_id: 'incoming',
        updated_at: 'incoming',
      },
      rows: contactIds.map((contactId) => [accountId, contactId, 'gone', 0, '', '{}', '', null, nowMs]),
    });
    await this.replaceAddresses(
      tx,
      accountId,
      contactIds.map((contactId) => ({ contactId, content: { addresses: [] } })),
      nowMs,
    );
  }

  private async replaceAddresses(
    tx: Executor,
    accountId: number,
    contacts: readonly { contactId: number; content: Pick<ContactContent, 'addresses'> }[],
    nowMs: number,
  ): Promise<void> {
    const held = await this.listHeldEmails(
      tx,
      accountId,
      contacts.map(({ contactId }) => contactId),
    );
    const dropped: [contactId: number, email: string][] = [];
    const dirty = new Set<string>();
    for (const { contactId, content } of contacts) {
      const wanted = new Set(content.addresses.map(({ email }) => email));
      for (const email of held.get(contactId) ?? []) {
        dirty.add(email);
        if (!wanted.has(email)) dropped.push([contactId, email]);
      }
      for (const { email, invalidReason } of content.addresses) if (invalidReason === null) dirty.add(email);
    }
    await this.dropHoldings(tx, accountId, dropped);
    await upsertRows(tx, {
      table: 'contact_addresses',
      columns: ['account_id', 'email', 'contact_id', 'invalid_reason'],
      key: ['account_id', 'email', 'contact_id'],
      update: { invalid_reason: 'incoming' },
      rows: contacts.flatMap(({ contactId, content }) =>
        content.addresses.map(({ email, invalidReason }) => [accountId, email, contactId, invalidReason]),
      ),
    });
    await this.markDirty(tx, accountId, [...dirty], nowMs);
  }

  private async listHeldEmails(tx: Executor, accountId: number, contactIds: readonly number[]): Promise<Map<number, string[]>> {
    const held = new Map<number, string[]>();
    for (const ids of chunksOf(contactIds, IN_CHUNK)) {
      const rows = await tx.query<{ contact_id: number; email: string }>(
        `SELECT contact_id, email FROM contact_addresses WHERE account_id = ? AND contact_id IN (${placeholders(ids.length)})`,
        [accountId, ...ids],
      );
      for (const row of rows) {
        const emails = held.get(Number(row.contact_id));
        if (emails) emails.push(row.email);
        else held.set(Number(row.contact_id), [row.email]);
      }
    }
    return held;
  }

  private async dropHoldings(tx: Executor, accountId: number, dropped: readonly (readonly [number, string])[]): Promise<void> {
    for (const chunk of chunksOf(dropped, IN_CHUNK)) {
      const condition = chunk.map(() => '(email = ? AND contact_id = ?)').join(' OR ');
      await tx.execute(`DELETE FROM contact_addresses WHERE account_id = ? AND (${condition})`, [
        accountId,
        ...chunk.flatMap(([contactId, email]) => [email, contactId]),
      ]);
    }
  }

  /** Marks addresses as perhaps differing from what Unisender was told; an older mark stands. */
  async markDirty(tx: Executor, accountId: number, emails: readonly string[], nowMs: number): Promise<void> {
    if (emails.length === 0) return;
    await upsertRows(tx, {
      table: 'addresses',
      columns: ['account_id', 'email', 'dirty_since', 'updated_at'],
      key: ['account_id', 'email'],
      update: { dirty_since: 'first' },
      rows: emails.map((email) => [accountId, email, nowMs, nowMs]),
    });
  }

  /** Marks everything that was told: the list is a new one, or the account's filter or fields changed. */
  async markAllToldDirty(tx: Executor, accountId: number, nowMs: number): Promise<void> {
    await tx.execute(
      `UPDATE addresses SET dirty_since = COALESCE(dirty_since, ?), told_hash = NULL WHERE account_id = ? AND state = 'present'`,
      [nowMs, accountId],
    );
  }

  /**
   * Forgets what was told and learnt: another Unisender account stands behind the key now. Who unsubscribed stays so there too.
   * Addresses that contacts hold are dirty.
   */
  async forgetTold(tx: Executor, accountId: number, nowMs: number): Promise<void> {
    await tx.execute(`DELETE FROM addresses WHERE account_id = ? AND subscription = 'mailable'`, [accountId]);
    await tx.execute(
      `UPDATE addresses SET origin = 'unknown', state = 'absent', told_hash = NULL, rejected_code = NULL, first_sent_at = NULL, seen_at = NULL
        WHERE account_id = ?`,
      [accountId],
    );
    const held = await tx.query<{ email: string }>(
      `SELECT DISTINCT email FROM contact_addresses WHERE account_id = ? AND invalid_reason IS NULL`,
      [accountId],
    );
    await this.markDirty(
      tx,
      accountId,
      held.map(({ email }) => email),
      nowMs,
    );
  }

  /** The oldest dirty addresses, each with the contact that names it. At most `limit`. */
  async listDirty(accountId: number, limit: number): Promise<DirtyAddress[]> {
    const rows = await this.database.query<DirtyRow>(
      `SELECT a.email, a.origin, a.state, a.told_hash, a.subscription, a.first_sent_at,
              (SELECT MIN(h.contact_id) FROM contact_addresses h
                 JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id
                WHERE h.account_id = a.account_id AND h.email = a.email AND h.invalid_reason IS NULL
                  AND c.state = 'living' AND c.passes_filter = 1) AS holder_id
         FROM addresses a
        WHERE a.account_id = ? AND a.dirty_since IS NOT NULL
        ORDER BY a.dirty_since, a.email LIMIT ${Math.trunc(limit)}`,
      [accountId],
    );
    const holders = await this.findHolders(
      accountId,
      rows.flatMap(({ holder_id }) => (holder_id === null ? [] : [Number(holder_id)])),
    );
    return rows.map((row) => ({
      email: row.email,
      origin: row.origin,
      state: row.state,
      toldHash: row.told_hash,
      subscription: row.subscription,
      firstSentAt: row.first_sent_at === null ? null : Number(row.first_sent_at),
      holder: row.holder_id === null ? undefined : holders.get(Number(row.holder_id)),
    }));
  }

  private async findHolders(accountId: number, contactIds: readonly number[]): Promise<Map<number, AddressHolder>> {
    const holders = new Map<number, AddressHolder>();
    for (const ids of chunksOf([...new Set(contactIds)], IN_CHUNK)) {
      const rows = await this.database.query<HolderRow>(
        `SELECT contact_id, name, fields FROM contacts WHERE account_id = ? AND contact_id IN (${placeholders(ids.length)})`,
        [accountId, ...ids],
      );
      for (const { contact_id, name, fields } of rows) {
        holders.set(Number(contact_id), { name, fields: JSON.parse(fields) as Record<string, string> });
      }
    }
    return holders;
  }

  /** How many of the addresses wait to be told. */
  async countDirtyAmong(accountId: number, emails: readonly string[]): Promise<number> {
    let total = 0;
    for (const chunk of chunksOf(emails, IN_CHUNK)) {
      total += countOf(
        await this.database.query(
          `SELECT COUNT(*) AS total FROM addresses WHERE account_id = ? AND dirty_since IS NOT NULL AND email IN (${placeholders(chunk.length)})`,
          [accountId, ...chunk],
        ),
      );
    }
    return total;
  }

  async findBacklog(accountId: number): Promise<DirtyBacklog> {
    const rows = await this.database.query<{ dirty_since: number }>(
      `SELECT dirty_since FROM addresses WHERE account_id = ? AND dirty_since IS NOT NULL ORDER BY dirty_since LIMIT 500`,
      [accountId],
    );
    return { rows: rows.length, oldestSince: rows[0] === undefined ? null : Number(rows[0].dirty_since) };
  }

  /** Notes, before the call, that addresses are about to be sent as new: what a lost answer leaves open can be told later. */
  async markSent(tx: Executor, accountId: number, emails: readonly string[], nowMs: number): Promise<void> {
    for (const chunk of chunksOf(emails, IN_CHUNK)) {
      await tx.execute(
        `UPDATE addresses SET first_sent_at = ? WHERE account_id = ? AND first_sent_at IS NULL AND email IN (${placeholders(chunk.length)})`,
        [nowMs, accountId, ...chunk],
      );
    }
  }

  /** Records what Unisender answered. Clears the dirty mark; leaves the subscription, which Unisender's hooks write at any time. */
  async recordTold(tx: Executor, accountId: number, told: readonly ToldAddress[], nowMs: number): Promise<void> {
    if (told.length === 0) return;
    await upsertRows(tx, {
      table: 'addresses',
      columns: ['account_id', 'email', 'state', 'origin', 'told_hash', 'rejected_code', 'dirty_since', 'updated_at'],
      key: ['account_id', 'email'],
      update: {
        state: 'incoming',
        origin: 'incoming',
        told_hash: 'incoming',
        rejected_code: 'incoming',
        dirty_since: 'incoming',
        updated_at: 'incoming',
      },
      rows: told.map(({ email, state, origin, toldHash, rejectedCode }) => [
        accountId,
        email,
        state,
        origin,
        toldHash,
        rejectedCode,
        null,
        nowMs,
      ]),
    });
    const deleted = told.filter(({ origin }) => origin === 'unknown').map(({ email }) => email);
    for (const chunk of chunksOf(deleted, IN_CHUNK)) {
      await tx.execute(`UPDATE addresses SET first_sent_at = NULL WHERE account_id = ? AND email IN (${placeholders(chunk.length)})`, [
        accountId,
        ...chunk,
      ]);
    }
  }

  async clearDirty(tx: Executor, accountId: number, emails: readonly string[]): Promise<void> {
    for (const chunk of chunksOf(emails, IN_CHUNK)) {
      await tx.execute(`UPDATE addresses SET dirty_since = NULL WHERE account_id = ? AND email IN (${placeholders(chunk.length)})`, [
        accountId,
        ...chunk,
      ]);
    }
  }

  /** Learns rows of an export: what stood there before us, and who is unsubscribed. `seenAtMs` is when the export was asked for. */
  async saveExported(tx: Executor, accountId: number, rows: readonly ExportedAddress[], seenAtMs: number): Promise<void> {
    if (rows.length === 0) return;
    await upsertRows(tx, {
      table: 'addresses',
      columns: ['account_id', 'email', 'origin', 'subscription', 'seen_at', 'updated_at'],
      key: ['account_id', 'email'],
      update: {
        origin: { sql: `CASE WHEN addresses.first_sent_at IS NULL THEN 'preexisting' ELSE addresses.origin END` },
        subscription: 'incoming',
        seen_at: 'incoming',
      },
      rows: rows.map(({ email, subscription, onOurList }) => [
        accountId,
        email,
        'preexisting',
        subscription,
        onOurList ? seenAtMs : null,
        seenAtMs,
      ]),
    });
  }

  /** Marks addresses that we told before the export was asked for and that it did not show on our list: they are told again. */
  async markUnseenDirty(tx: Executor, accountId: number, seenAtMs: number, nowMs: number): Promise<number> {
    return tx.execute(
      `UPDATE addresses SET dirty_since = COALESCE(dirty_since, ?), told_hash = NULL
        WHERE account_id = ? AND state = 'present' AND subscription = 'mailable' AND updated_at < ? AND (seen_at IS NULL OR seen_at < ?)`,
      [nowMs, accountId, seenAtMs, seenAtMs],
    );
  }

  /** Sets what an owner decided. An address that is unsubscribed now and was not before waits for its write-back; a mailable one is dirty. */
  async saveSubscriptions(
    tx: Executor,
    accountId: number,
    emails: readonly string[],
    subscription: Subscription,
    nowMs: number,
  ): Promise<void> {
    if (emails.length === 0) return;
    const mailable = subscription === 'mailable';
    const pending = mailable ? null : 'pending';
    await upsertRows(tx, {
      table: 'addresses',
      columns: ['account_id', 'email', 'subscription', 'write_back', 'dirty_since', 'updated_at'],
      key: ['account_id', 'email'],
      update: {
        // MySQL assigns from left to right: the rule for write_back must see the subscription that stood.
        write_back: mailable
          ? 'incoming'
          : { sql: `CASE WHEN addresses.subscription = 'mailable' THEN 'pending' ELSE addresses.write_back END` },
        subscription: 'incoming',
        ...(mailable ? { dirty_since: 'first' as const } : {}),
      },
      rows: emails.map((email) => [accountId, email, subscription, pending, mailable ? nowMs : null, nowMs]),
    });
  }

  /** Those of the addresses that are known to be unsubscribed or blocked. */
  async listUnmailable(accountId: number, emails: readonly string[]): Promise<string[]> {
    if (emails.length === 0) return [];
    const rows = await this.database.query<{ email: string }>(
      `SELECT email FROM addresses WHERE account_id = ? AND subscription <> 'mailable' AND email IN (${placeholders(emails.length)})`,
      [accountId, ...emails],
    );
    return rows.map(({ email }) => email);
  }

  /** What Unisender was told of addresses, for a look without a change. */
  async listRecords(accountId: number, emails: readonly string[]): Promise<Map<string, AddressRecord>> {
    const records = new Map<string, AddressRecord>();
    for (const chunk of chunksOf(emails, IN_CHUNK)) {
      const rows = await this.database.query<DirtyRow>(
        `SELECT email, origin, state, told_hash, subscription FROM addresses WHERE account_id = ? AND email IN (${placeholders(chunk.length)})`,
        [accountId, ...chunk],
      );
      for (const { email, origin, state, told_hash, subscription } of rows) {
        records.set(email, { email, origin, state, toldHash: told_hash, subscription });
      }
    }
    return records;
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
    return rows.reduce((sum, row) => (seen.has(Number(row.contact_id)) ? sum : sum + Number(row.total)), 0);
  }

  /** Unsubscribes that Kommo was not told of, with the living contacts that hold the address. */
  async listWriteBacks(accountId: number, limit: number): Promise<{ email: string; contactIds: number[] }[]> {
    const pending = await this.database.query<{ email: string }>(
      `SELECT email FROM addresses WHERE account_id = ? AND write_back = 'pending' ORDER BY email LIMIT ${Math.trunc(limit)}`,
      [accountId],
    );
    if (pending.length === 0) return [];
    const holders = await this.database.query<{ email: string; contact_id: number }>(
      `SELECT h.email, h.contact_id FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id AND c.state = 'living'
        WHERE h.account_id = ? AND h.email IN (${placeholders(pending.length)})`,
      [accountId, ...pending.map(({ email }) => email)],
    );
    const byEmail = groupBy(holders, ({ email }) => email);
    return pending.map(({ email }) => ({ email, contactIds: (byEmail.get(email) ?? []).map(({ contact_id }) => Number(contact_id)) }));
  }

  async markWrittenBack(tx: Executor, accountId: number, emails: readonly string[]): Promise<void> {
    for (const chunk of chunksOf(emails, IN_CHUNK)) {
      await tx.execute(
        `UPDATE addresses SET write_back = 'done' WHERE account_id = ? AND write_back = 'pending' AND email IN (${placeholders(chunk.length)})`,
        [accountId, ...chunk],
      );
    }
  }

  /** Living contacts with an id in (`after`, `upTo`] that are not among `seen` are missing from the run's read; `upTo` null = no end. */
  async markMissing(
    tx: Executor,
    accountId: number,
    range: { readonly after: number; readonly upTo: number | null; readonly seen: readonly number[]; readonly runId: string },
  ): Promise<void> {
    const rows = await tx.query<{ contact_id: number }>(
      `SELECT contact_id FROM contacts WHERE account_id = ? AND state = 'living' AND contact_id > ?${range.upTo === null ? '' : ' AND contact_id <= ?'}`,
      range.upTo === null ? [accountId, range.after] : [accountId, range.after, range.upTo],
    );
    const seen = new Set(range.seen);
    const missing = rows.map(({ contact_id }) => Number(contact_id)).filter((id) => !seen.has(id));
    await this.setMissing(tx, accountId, missing, range.runId);
  }

  async setMissing(tx: Executor, accountId: number, contactIds: readonly number[], runId: string | null): Promise<void> {
    for (const ids of chunksOf(contactIds, IN_CHUNK)) {
      await tx.execute(`UPDATE contacts SET missing_run_id = ? WHERE account_id = ? AND contact_id IN (${placeholders(ids.length)})`, [
        runId,
        accountId,
        ...ids,
      ]);
    }
  }

  /** Contacts missing from the run's read with ids above `after`, ascending. */
  async listMissing(accountId: number, runId: string, after: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ contact_id: number }>(
      `SELECT contact_id FROM contacts WHERE account_id = ? AND missing_run_id = ? AND contact_id > ? AND state = 'living'
        ORDER BY contact_id LIMIT ${Math.trunc(limit)}`,
      [accountId, runId, after],
    );
    return rows.map(({ contact_id }) => Number(contact_id));
  }

  async countMissing(accountId: number, runId: string): Promise<number> {
    return countOf(
      await this.database.query(`SELECT COUNT(*) AS total FROM contacts WHERE account_id = ? AND missing_run_id = ? AND state = 'living'`, [
        accountId,
        runId,
      ]),
    );
  }

  async countLiving(accountId: number): Promise<number> {
    return countOf(
      await this.database.query(`SELECT COUNT(*) AS total FROM contacts WHERE account_id = ? AND state = 'living'`, [accountId]),
    );
  }

  /** Whether a contact with an id up to `upTo` became a tombstone since: rows of a paged read shifted then. */
  async hasVanishedSince(accountId: number, upTo: number, sinceMs: number): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT contact_id FROM contacts WHERE account_id = ? AND contact_id <= ? AND state = 'gone' AND updated_at >= ? LIMIT 1`,
      [accountId, upTo, sinceMs],
    );
    return rows.length > 0;
  }

  /** Addresses by what became of them, for the operator: told and equal, kept out, refused or invalid. */
  async countAddresses(accountId: number): Promise<{ inSync: number; excluded: number; failing: number }> {
    const [row] = await this.database.query<{ in_sync: number | null; excluded: number | null; rejected: number | null }>(
      `SELECT SUM(CASE WHEN state = 'present' AND dirty_since IS NULL THEN 1 ELSE 0 END) AS in_sync,
              SUM(CASE WHEN subscription <> 'mailable' THEN 1 ELSE 0 END) AS excluded,
              SUM(CASE WHEN state = 'rejected' THEN 1 ELSE 0 END) AS rejected
         FROM addresses WHERE account_id = ?`,
      [accountId],
    );
    return { inSync: Number(row?.in_sync ?? 0), excluded: Number(row?.excluded ?? 0), failing: Number(row?.rejected ?? 0) };
  }
}

const countOf = (rows: readonly unknown[]): number => Number((rows[0] as { total: number | string } | undefined)?.total ?? 0);
