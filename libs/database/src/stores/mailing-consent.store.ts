import { Injectable } from '@nestjs/common';
import {
  Clock,
  type ConsentView,
  type MailingConsent,
  type Refusal,
  type RefusalScope,
  type Refusals,
  addRefusals,
  addShownRefusals,
  consentOf,
  equalRefusals,
  groupBy,
  learnFromView,
  noRefusals,
} from '#domain';
import { Database } from '../database.js';
import { AddressEntity, type WriteBackState } from '../entities/address.entity.js';
import { ContactAddressEntity } from '../entities/contact-address.entity.js';
import type { RefusalColumns } from '../entities/refusal-columns.js';
import { assertInTransaction, executeIn, forUpdate, incoming, queryIn, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';
import { markPartsStaleByEmail } from './marks.js';

/** An unsubscribe that is to be written back to Kommo, with the existing contacts that hold the address. */
export interface PendingWriteBack {
  readonly email: string;
  readonly contactIds: readonly number[];
}

/** What an address refused, and the latest time at which a row of ours may have put it on a list, epoch milliseconds. */
export interface KnownRefusals {
  readonly refusals: Refusals;
  readonly lastSentAt: number | null;
}

/** The columns of the refusals. */
export const refusalFields = [
  'globalRefusal',
  'globalRefusedAt',
  'globalLearnedAt',
  'globalUnproven',
  'listRefusal',
  'listRefusedAt',
  'listLearnedAt',
  'listUnproven',
] as const satisfies readonly (keyof RefusalColumns)[];

const toRefusal = (row: RefusalColumns, scope: RefusalScope): Refusal | null => {
  const kind = row[`${scope}Refusal`];
  if (kind === null) return null;
  return {
    kind,
    refusedAtMs: row[`${scope}RefusedAt`],
    learnedAtMs: row[`${scope}LearnedAt`] ?? 0,
    isUnproven: row[`${scope}Unproven`],
  };
};

/** Reads the refusals of a row. */
export const toRefusals = (row: RefusalColumns): Refusals => ({ global: toRefusal(row, 'global'), list: toRefusal(row, 'list') });

/** The columns of refusals. */
export const toRefusalColumns = ({ global, list }: Refusals): RefusalColumns => ({
  globalRefusal: global?.kind ?? null,
  globalRefusedAt: global?.refusedAtMs ?? null,
  globalLearnedAt: global?.learnedAtMs ?? null,
  globalUnproven: global?.isUnproven ?? false,
  listRefusal: list?.kind ?? null,
  listRefusedAt: list?.refusedAtMs ?? null,
  listLearnedAt: list?.learnedAtMs ?? null,
  listUnproven: list?.isUnproven ?? false,
});

const knownFields = ['email', 'consent', 'writeBack', 'state', 'lastSentAt', 'verifyAt', ...refusalFields] as const;

type KnownAddress = Pick<AddressEntity, (typeof knownFields)[number]>;

/** The latest time at which a row of ours may put the address on a list. */
const lastSentOf = ({ lastSentAt, verifyAt }: KnownAddress): number | null =>
  lastSentAt === null && verifyAt === null ? null : Math.max(lastSentAt ?? 0, verifyAt ?? 0);

const writeBackOf = (consent: MailingConsent, known: KnownAddress | undefined): WriteBackState | null => {
  if (consent === 'mailable') return null;
  return known === undefined || known.consent === 'mailable' ? 'pending' : known.writeBack;
};

/** A contact that holds `addresses.email` and does not have the tag. */
const UNTAGGED = `SELECT 1 FROM contact_addresses h
                    JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id AND c.is_deleted = 0
                   WHERE h.account_id = addresses.account_id AND h.email = addresses.email AND h.tagged_at IS NULL`;

/** The mailing consents of addresses, and the unsubscribes that are to be written back to Kommo. */
// SQL by hand: the statements work on sets of addresses, and an update depends on the stored consent.
@Injectable()
export class MailingConsentStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Adds refusals to what is known about each address. A new refusal waits for its write-back. Call it in a transaction. */
  async addRefusals(accountId: number, added: ReadonlyMap<string, Refusals>): Promise<void> {
    await this.change(accountId, added, (known, refusals) => addRefusals(known ? toRefusals(known) : noRefusals, refusals));
  }

  /** Adds the refusals that Unisender's own answers show, and lifts none. Call it in a transaction. */
  async addShown(accountId: number, views: ReadonlyMap<string, ConsentView>): Promise<void> {
    const nowMs = await this.database.nowMs();
    await this.change(accountId, views, (known, view) => addShownRefusals(known ? toRefusals(known) : noRefusals, view, nowMs));
  }

  /**
   * Learns from Unisender's own answers: adds the refusals that they show and lifts those that they disprove. An address that may be
   * mailed again becomes dirty. Call it in a transaction.
   */
  async learn(accountId: number, views: ReadonlyMap<string, ConsentView>): Promise<void> {
    const nowMs = await this.database.nowMs();
    await this.change(accountId, views, (known, view) => {
      const putUntilMs = known ? lastSentOf(known) : null;
      return learnFromView(known ? toRefusals(known) : noRefusals, view, putUntilMs, nowMs);
    });
  }

  /** Returns the refusals of an address with the latest time of a row of ours; undefined when it refused nothing. */
  async findRefusals(accountId: number, email: string): Promise<KnownRefusals | undefined> {
    const [row] = await selectRows(this.database, {
      entity: AddressEntity,
      fields: knownFields,
      tail: `WHERE account_id = ? AND email = ? AND consent <> 'mailable'`,
      params: [accountId, email],
    });
    return row && { refusals: toRefusals(row), lastSentAt: lastSentOf(row) };
  }

  /** Adds refusals with the latest time of a row of ours. Call it in a transaction. */
  async restore(accountId: number, known: ReadonlyMap<string, KnownRefusals>): Promise<void> {
    await this.addRefusals(accountId, new Map([...known].map(([email, { refusals }]) => [email, refusals])));
    for (const [email, { lastSentAt }] of known) {
      await this.database.execute(
        'UPDATE addresses SET last_sent_at = ? WHERE account_id = ? AND email = ? AND COALESCE(last_sent_at, 0) < ?',
        [lastSentAt, accountId, email, lastSentAt ?? 0],
      );
    }
  }

  /** Lists the addresses among `emails` that are known as unsubscribed or blocked. */
  async listUnmailable(accountId: number, emails: readonly string[]): Promise<string[]> {
    const tail = `WHERE account_id = ? AND consent <> 'mailable' AND email IN (?)`;
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] }, emails);
    return rows.map(({ email }) => email);
  }

  /** Lists unsubscribes that are to be written back to Kommo, with the contacts that do not have the tag yet. */
  async listWriteBacks(accountId: number, limit: number): Promise<PendingWriteBack[]> {
    const tail = `WHERE account_id = ? AND write_back = 'pending' ORDER BY email LIMIT ?`;
    const pending = await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId, limit] });
    const holders = await queryIn<{ email: string; contactId: number }>(
      this.database,
      `SELECT h.email, h.contact_id AS contactId FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id AND c.is_deleted = 0
        WHERE h.account_id = ? AND h.tagged_at IS NULL AND (h.tag_retry_at IS NULL OR h.tag_retry_at <= ?) AND h.email IN (?)`,
      [accountId, this.clock.nowMs()],
      pending.map(({ email }) => email),
    );
    const byEmail = groupBy(holders, ({ email }) => email);
    return pending.map(({ email }) => ({ email, contactIds: (byEmail.get(email) ?? []).map(({ contactId }) => contactId) }));
  }

  /** Asks for a write-back of refused addresses among `emails` that a contact without the tag holds. */
  async requestWriteBacks(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET write_back = 'pending'
                  WHERE account_id = ? AND consent <> 'mailable' AND EXISTS (${UNTAGGED} AND h.tag_retry_at IS NULL) AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
  }

  /** Asks again for the write-backs that Kommo refused, when their time has come. */
  async retryWriteBacks(accountId: number): Promise<void> {
    const rows = await this.database.query<{ email: string }>(
      'SELECT DISTINCT email FROM contact_addresses WHERE account_id = ? AND tag_retry_at <= ?',
      [accountId, this.clock.nowMs()],
    );
    const sql = `UPDATE addresses SET write_back = 'pending' WHERE account_id = ? AND consent <> 'mailable' AND email IN (?)`;
    await executeIn(
      this.database,
      sql,
      [accountId],
      rows.map(({ email }) => email),
    );
  }

  /**
   * Ends the write-backs of addresses. `refused` has the contacts that Kommo refuses to tag, with its code: they are tried again at
   * `retryAt`, epoch milliseconds.
   */
  async markWrittenBack(
    accountId: number,
    pending: readonly PendingWriteBack[],
    { refused, retryAt }: { readonly refused: ReadonlyMap<number, string>; readonly retryAt: number },
  ): Promise<void> {
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      entity: ContactAddressEntity,
      key: ['accountId', 'email', 'contactId'],
      update: incoming('taggedAt', 'tagCode', 'tagRetryAt'),
      rows: pending.flatMap(({ email, contactIds }) =>
        contactIds.map((contactId) => {
          const tagCode = refused.get(contactId) ?? null;
          const isTagged = tagCode === null;
          return { accountId, email, contactId, taggedAt: isTagged ? nowMs : null, tagCode, tagRetryAt: isTagged ? null : retryAt };
        }),
      ),
    });
    const sql = `UPDATE addresses SET write_back = 'done' WHERE account_id = ? AND write_back = 'pending' AND email IN (?)`;
    await executeIn(
      this.database,
      sql,
      [accountId],
      pending.map(({ email }) => email),
    );
  }

  /** Locks the addresses, decides on each, and stores what has changed. */
  private async change<Fact>(
    accountId: number,
    facts: ReadonlyMap<string, Fact>,
    decide: (known: KnownAddress | undefined, fact: Fact) => Refusals,
  ): Promise<void> {
    assertInTransaction(this.database);
    const nowMs = this.clock.nowMs();
    const tail = `WHERE account_id = ? AND email IN (?)${forUpdate(this.database)}`;
    const selection = { entity: AddressEntity, fields: knownFields, tail, params: [accountId] };
    const rows = await selectRowsIn(this.database, selection, [...facts.keys()]);
    const known = new Map(rows.map((row) => [row.email, row]));
    const changed = [...facts].flatMap(([email, fact]) => {
      const address = known.get(email);
      const refusals = decide(address, fact);
      if (equalRefusals(refusals, address ? toRefusals(address) : noRefusals)) return [];
      const consent = consentOf(refusals);
      const isLifted = consent === 'mailable';
      return [
        {
          accountId,
          email,
          ...toRefusalColumns(refusals),
          consent,
          writeBack: writeBackOf(consent, address),
          dirtySince: isLifted ? nowMs : null,
          dirtyCause: isLifted ? ('reread' as const) : null,
          updatedAt: nowMs,
        },
      ];
    });
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: {
        ...incoming(...refusalFields, 'consent', 'writeBack'),
        dirtyCause: {
          sql: `CASE WHEN addresses.dirty_since IS NULL THEN ${this.incomingSql('dirty_cause')} ELSE addresses.dirty_cause END`,
        },
        dirtySince: 'first',
      },
      rows: changed,
    });
    await markPartsStaleByEmail(
      this.database,
      accountId,
      changed.map(({ email }) => email),
    );
    await this.forgetTags(
      accountId,
      changed.filter(({ consent }) => consent === 'mailable').map(({ email }) => email),
    );
  }

  /** A later refusal is written back again. */
  private async forgetTags(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = 'UPDATE contact_addresses SET tagged_at = NULL, tag_code = NULL, tag_retry_at = NULL WHERE account_id = ? AND email IN (?)';
    await executeIn(this.database, sql, [accountId], emails);
  }

  private incomingSql(column: string): string {
    return this.database.kind === 'mysql' ? `VALUES(${column})` : `excluded.${column}`;
  }
}
