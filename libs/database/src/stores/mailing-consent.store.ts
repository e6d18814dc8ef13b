import { Injectable } from '@nestjs/common';
import {
  Clock,
  type ConsentView,
  type MailingConsent,
  type Refusal,
  type RefusalScope,
  type Refusals,
  addRefusals,
  consentOf,
  equalRefusals,
  groupBy,
  learnFromView,
  noRefusals,
} from '#domain';
import { Database } from '../database.js';
import { AddressEntity, type WriteBackState } from '../entities/address.entity.js';
import type { RefusalColumns } from '../entities/refusal-columns.js';
import { assertInTransaction, executeIn, forUpdate, incoming, queryIn, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';
import { markPartsStaleByEmail } from './stale-parts.js';

/** An unsubscribe that is to be written back to Kommo, with the existing contacts that hold the address. */
export interface PendingWriteBack {
  readonly email: string;
  readonly contactIds: readonly number[];
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

  /**
   * Learns from Unisender's own answers: adds the refusals that they show and lifts those that they disprove. An address that may be
   * mailed again becomes dirty. Call it in a transaction.
   */
  async learn(accountId: number, views: ReadonlyMap<string, ConsentView>): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.change(accountId, views, (known, view) => {
      const sent = { lastSentAtMs: known ? lastSentOf(known) : null, isPresent: known?.state === 'present' };
      return learnFromView(known ? toRefusals(known) : noRefusals, view, sent, nowMs);
    });
  }

  /** Lists the addresses among `emails` that are known as unsubscribed or blocked. */
  async listUnmailable(accountId: number, emails: readonly string[]): Promise<string[]> {
    const tail = `WHERE account_id = ? AND consent <> 'mailable' AND email IN (?)`;
    const rows = await selectRowsIn(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId] }, emails);
    return rows.map(({ email }) => email);
  }

  /** Lists unsubscribes that are to be written back to Kommo. */
  async listWriteBacks(accountId: number, limit: number): Promise<PendingWriteBack[]> {
    const tail = `WHERE account_id = ? AND write_back = 'pending' ORDER BY email LIMIT ?`;
    const pending = await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId, limit] });
    const holders = await queryIn<{ email: string; contactId: number }>(
      this.database,
      `SELECT h.email, h.contact_id AS contactId FROM contact_addresses h
         JOIN contacts c ON c.account_id = h.account_id AND c.contact_id = h.contact_id AND c.is_deleted = 0
        WHERE h.account_id = ? AND h.email IN (?)`,
      [accountId],
      pending.map(({ email }) => email),
    );
    const byEmail = groupBy(holders, ({ email }) => email);
    return pending.map(({ email }) => ({ email, contactIds: (byEmail.get(email) ?? []).map(({ contactId }) => contactId) }));
  }

  /** Ends the write-backs of addresses whose contacts were tagged in Kommo. */
  async markWrittenBack(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET write_back = 'done' WHERE account_id = ? AND write_back = 'pending' AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
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
          dirtyCause: isLifted ? ('event' as const) : null,
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
  }

  private incomingSql(column: string): string {
    return this.database.kind === 'mysql' ? `VALUES(${column})` : `excluded.${column}`;
  }
}
