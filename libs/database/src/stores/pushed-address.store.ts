import { Injectable } from '@nestjs/common';
import {
  type AddressState,
  Clock,
  OUTCOME_UNKNOWN,
  type PushBase,
  type PushedAddress,
  type SharedUse,
  groupBy,
  latestPutMs,
} from '#domain';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { AddressEntity } from '../entities/address.entity.js';
import {
  type OnConflict,
  executeIn,
  forUpdate,
  incoming,
  placeholders,
  selectRows,
  selectRowsIn,
  upsertAlike,
  upsertRows,
} from '../entity-sql.js';
import type { SqlValue } from '../session.js';
import { KEPT_REMOVAL, markAllPartsStale, markPartsStaleByEmail } from './marks.js';

/** What one look at Unisender showed of an address. Times are epoch milliseconds. */
export interface ShownAddress {
  readonly email: string;
  readonly lookedAt: number;
  readonly isOnOurList: boolean;
  readonly isOnOtherLists: boolean;
  /** When Unisender got it, by Unisender's clock. */
  readonly addedAt: number | null;
}

/** Unisender's time of the response to a put, epoch milliseconds; undefined when it is unknown. */
interface PutTime {
  readonly respondedAtMs?: number | undefined;
}

/** What the begin of a call changes, of which addresses. */
interface CallBegin {
  /** The database's time: a process with another clock would verify before the call takes effect. */
  readonly nowMs: number;
  readonly sql: string;
  readonly params: readonly SqlValue[];
  readonly condition: string;
}

/** What an address was before a call. */
type RevertedAddress = PushBase & Pick<AddressEntity, 'lastSentAt' | 'retryAt'>;

/** An address that may be put on a list, with the lists on which earlier calls without a response may have put it. */
type MailableAddress = Pick<PushedAddress, 'email' | 'lateListIds'>;

/** Addresses that must be verified or tried again. */
export interface DueAddresses {
  readonly toVerify: readonly string[];
  readonly toRetry: readonly string[];
}

/** The cause of a clean address that is tried again: a removal that was not admitted is counted. */
const RETRIED_CAUSE = `CASE WHEN dirty_since IS NOT NULL OR removal IS NOT NULL OR dirty_cause = 'event' THEN dirty_cause ELSE 'reread' END`;

/** A removal that Unisender refuses was admitted: it is not counted again, unless something else makes the address dirty meanwhile. */
const REFUSED_CAUSE: OnConflict = {
  sql: (incomingOf) => `CASE WHEN ${incomingOf('park_step')} IN ('delete', 'exclude', 'look') THEN 'event' ELSE addresses.dirty_cause END`,
};

/** A call without a response takes effect within this time. */
const LONGEST_CALL_MS = 15 * 60_000;

const earlier = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);

/** What the row of an address gets after a call, but for its e-mail and its hash. */
function toRow(
  accountId: number,
  { state, origin, ownListId, firstSentAt, verifyAt, lateListIds, writtenFields, park }: PushedAddress,
  { updatedAt, lastSentAt }: { readonly updatedAt: number; readonly lastSentAt: number | undefined },
): Partial<AddressEntity> {
  return {
    accountId,
    state,
    origin,
    ownListId,
    firstSentAt,
    verifyAt,
    lateListIds,
    writtenFields,
    dirtySince: null,
    parkStep: park?.parkStep ?? null,
    parkCode: park?.parkCode ?? null,
    parkCause: park?.parkCause ?? null,
    parkAttempts: park?.parkAttempts ?? 0,
    parkedAt: park?.parkedAt ?? null,
    retryAt: park?.retryAt ?? null,
    dueAt: earlier(verifyAt, park?.retryAt ?? null),
    updatedAt,
    ...(lastSentAt === undefined ? {} : { lastSentAt }),
  };
}

const isSameList = (one: readonly (string | number)[] | null, other: readonly (string | number)[] | null): boolean =>
  one === other || (one !== null && other !== null && one.length === other.length && one.every((item, index) => item === other[index]));

/** Whether the rows of two addresses differ in their e-mail and hash only. */
const areAlike = (one: PushedAddress, other: PushedAddress): boolean =>
  one.park === null &&
  other.park === null &&
  one.state === other.state &&
  one.origin === other.origin &&
  one.ownListId === other.ownListId &&
  one.firstSentAt === other.firstSentAt &&
  one.verifyAt === other.verifyAt &&
  isSameList(one.lateListIds, other.lateListIds) &&
  isSameList(one.writtenFields, other.writtenFields);

/** Addresses that follow each other and are alike. */
interface AlikeAddresses {
  readonly first: PushedAddress;
  readonly all: PushedAddress[];
}

function groupAlike(pushed: readonly PushedAddress[]): AlikeAddresses[] {
  const groups: AlikeAddresses[] = [];
  for (const address of pushed) {
    const last = groups.at(-1);
    if (last && areAlike(last.first, address)) last.all.push(address);
    else groups.push({ first: address, all: [address] });
  }
  return groups;
}

/** Smaller groups of rows that are alike take more time than their rows alone. */
const MIN_ALIKE = 8;

/** The calls to Unisender: their begin, their outcome, and when an address must be looked at again. Times are epoch milliseconds. */
// SQL by hand: each statement changes the rows of a whole call.
@Injectable()
export class PushedAddressStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns the addresses that may be put on a list, neither unsubscribed nor blocked, and records before the call that it puts these there.
   * Its effect may come up to 15 minutes later.
   */
  async beginPut(accountId: number, listId: number, emails: readonly string[]): Promise<readonly string[]> {
    const onlyLate = { lateListIds: JSON.stringify([listId]), condition: "consent = 'mailable' AND late_list_ids IS NULL" };
    const put = { accountId, listId, nowMs: await this.database.nowMs() };
    // Mostly all are put for the first time, or no earlier call is unsettled.
    if ((await this.beginGroup(put, emails, onlyLate)) === emails.length) return emails;
    const mailable = await this.lockMailable(accountId, emails);
    const groups = groupBy(mailable, ({ lateListIds }) => JSON.stringify([...new Set([...(lateListIds ?? []), listId])]));
    for (const [lateListIds, group] of groups) {
      await this.beginGroup(
        put,
        group.map(({ email }) => email),
        { lateListIds, condition: '1 = 1' },
      );
    }
    return mailable.map(({ email }) => email);
  }

  /** Locks the addresses until the transaction ends. */
  private async lockMailable(accountId: number, emails: readonly string[]): Promise<MailableAddress[]> {
    const tail = `WHERE account_id = ? AND consent = 'mailable' AND email IN (?)${forUpdate(this.database)}`;
    return selectRowsIn(this.database, { entity: AddressEntity, fields: ['email', 'lateListIds'], tail, params: [accountId] }, emails);
  }

  /** Returns how many addresses have met the condition. */
  private async beginGroup(
    { accountId, listId, nowMs }: { readonly accountId: number; readonly listId: number; readonly nowMs: number },
    emails: readonly string[],
    { lateListIds, condition }: { readonly lateListIds: string; readonly condition: string },
  ): Promise<number> {
    // An address that the list had before us stays there: the list is not added.
    const put = `first_sent_at = COALESCE(first_sent_at, ?), last_sent_at = ?, added_at = NULL,
                 late_list_ids = CASE WHEN seen_at IS NULL OR own_list_id = ? THEN ? ELSE late_list_ids END,`;
    const params = [this.clock.nowMs(), latestPutMs(nowMs), listId, lateListIds];
    return this.begin(accountId, emails, { nowMs, sql: put, params, condition });
  }

  /** Records before a call that it removes these addresses. Its effect may come up to 15 minutes later. */
  async beginRemoval(accountId: number, emails: readonly string[]): Promise<void> {
    await this.begin(accountId, emails, { nowMs: await this.database.nowMs(), sql: '', params: [], condition: '1 = 1' });
  }

  private async begin(accountId: number, emails: readonly string[], { nowMs, sql, params, condition }: CallBegin): Promise<number> {
    const verifyAt = nowMs + LONGEST_CALL_MS;
    const begun = await executeIn(
      this.database,
      `UPDATE addresses SET ${sql} pushed_hash = ?, verify_at = ?, due_at = CASE WHEN retry_at < ? THEN retry_at ELSE ? END
        WHERE account_id = ? AND ${condition} AND email IN (?)`,
      [...params, OUTCOME_UNKNOWN, verifyAt, verifyAt, verifyAt, accountId],
      emails,
    );
    await this.noteDue(accountId, verifyAt);
    return begun;
  }

  /**
   * Records the outcome of calls and clears the dirty marks. Consents stay: Unisender's webhooks write them at any time. `put`: the calls
   * may have put the addresses on a list, and their response has this time of Unisender.
   */
  async record(accountId: number, pushed: readonly PushedAddress[], put?: PutTime): Promise<void> {
    const updatedAt = this.clock.nowMs();
    const lastSentAt = put && latestPutMs(await this.database.nowMs(), put.respondedAtMs);
    const groups = groupAlike(pushed);
    const others = groups.filter(({ all }) => all.length < MIN_ALIKE).flatMap(({ all }) => all);
    const upsert = {
      entity: AddressEntity,
      key: ['accountId', 'email'] as const,
      update: {
        ...incoming('state', 'origin', 'pushedHash', 'ownListId', 'firstSentAt', 'verifyAt', 'writtenFields', 'dirtySince', 'updatedAt'),
        ...incoming('lateListIds', 'dueAt', ...(put ? (['lastSentAt'] as const) : [])),
        removalRunId: { sql: KEPT_REMOVAL.removalRunId },
        removal: { sql: KEPT_REMOVAL.removal },
        ...incoming('parkStep', 'parkCode', 'parkCause', 'parkAttempts', 'parkedAt', 'retryAt'),
        dirtyCause: REFUSED_CAUSE,
      },
    };
    for (const { first, all } of groups) {
      if (all.length < MIN_ALIKE) continue;
      await upsertAlike(this.database, {
        ...upsert,
        common: toRow(accountId, first, { updatedAt, lastSentAt }),
        differing: ['email', 'pushedHash'],
        values: new Map(all.map(({ email, pushedHash }) => [email, pushedHash])),
      });
    }
    const toWholeRow = (address: PushedAddress) => ({
      ...toRow(accountId, address, { updatedAt, lastSentAt }),
      email: address.email,
      pushedHash: address.pushedHash,
    });
    await upsertRows(this.database, { ...upsert, rows: others.map(toWholeRow) });
    await markPartsStaleByEmail(
      this.database,
      accountId,
      pushed.map(({ email }) => email),
    );
    const absent = pushed.filter(({ state }) => state === 'absent').map(({ email }) => email);
    await executeIn(this.database, `UPDATE addresses SET seen_at = NULL WHERE account_id = ? AND email IN (?)`, [accountId], absent);
    const dueTimes = pushed.flatMap(({ park }) => park?.retryAt ?? []);
    if (dueTimes.length > 0) await this.noteDue(accountId, Math.min(...dueTimes));
  }

  /**
   * Restores addresses as they were before a call that was refused. They stay dirty. That a list may have them is not forgotten, nor
   * until when they may have been put there, unless `isTaken` is false: Unisender did not look at the rows.
   */
  async revert(accountId: number, records: readonly RevertedAddress[], { isTaken = true } = {}): Promise<void> {
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: incoming('pushedHash', 'firstSentAt', 'verifyAt', 'dueAt', ...(isTaken ? [] : (['lastSentAt'] as const))),
      rows: records.map(({ email, pushedHash, firstSentAt, lastSentAt, verifyAt, retryAt }) => ({
        accountId,
        email,
        pushedHash,
        firstSentAt,
        lastSentAt,
        verifyAt,
        dueAt: earlier(verifyAt, retryAt),
        updatedAt: 0,
      })),
    });
    await markPartsStaleByEmail(
      this.database,
      accountId,
      records.map(({ email }) => email),
    );
  }

  /** Records what looks at Unisender showed. */
  async recordLooks(accountId: number, shown: readonly ShownAddress[]): Promise<void> {
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: incoming('lookedAt', 'seenAt', 'isOnOtherLists', 'addedAt'),
      rows: shown.map(({ email, lookedAt, isOnOurList, isOnOtherLists, addedAt }) => ({
        accountId,
        email,
        lookedAt,
        seenAt: isOnOurList ? lookedAt : null,
        isOnOtherLists,
        addedAt,
        updatedAt: lookedAt,
      })),
    });
  }

  /** Records that others created these addresses anew after they were deleted. */
  async recordCreatedByOthers(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET origin = 'preexisting', own_list_id = NULL, written_fields = NULL WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
  }

  /** Records that Unisender does not have these addresses: one that comes back is not ours. */
  async recordGone(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET origin = 'unknown', own_list_id = NULL, late_list_ids = NULL, first_sent_at = NULL, seen_at = NULL,
                        written_fields = NULL
                  WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [accountId], emails);
  }

  /** Records that others may have created these addresses anew. The lists that we put them on are not forgotten. */
  async recordDoubt(accountId: number, emails: readonly string[]): Promise<void> {
    const sql = "UPDATE addresses SET origin = 'uncertain' WHERE account_id = ? AND origin = 'ours' AND email IN (?)";
    await executeIn(this.database, sql, [accountId], emails);
  }

  /**
   * Records that addresses were verified, and whether our lists have them. Their removals stay as they are. One that is withdrawn pushes
   * the values again: a late call may have replaced them.
   */
  async endVerification(accountId: number, state: AddressState, emails: readonly string[]): Promise<void> {
    const sql = `UPDATE addresses SET verify_at = NULL, due_at = retry_at, state = ?, pushed_hash = NULL,
                        last_sent_at = CASE WHEN last_sent_at IS NULL THEN NULL ELSE ? END
                  WHERE account_id = ? AND email IN (?)`;
    await executeIn(this.database, sql, [state, latestPutMs(await this.database.nowMs()), accountId], emails);
  }

  /** Makes the sweep look at the account at that time. */
  async noteDue(accountId: number, dueAt: number): Promise<void> {
    await this.database.execute('UPDATE accounts SET work_due_at = ? WHERE account_id = ? AND (work_due_at IS NULL OR work_due_at > ?)', [
      dueAt,
      accountId,
      dueAt,
    ]);
  }

  /** Finds addresses whose time has come. */
  async listDue(accountId: number, limit: number): Promise<DueAddresses> {
    const nowMs = await this.database.nowMs();
    const rows = await selectRows(this.database, {
      entity: AddressEntity,
      fields: ['email', 'verifyAt', 'retryAt'],
      tail: 'WHERE account_id = ? AND due_at <= ? ORDER BY due_at LIMIT ?',
      params: [accountId, nowMs, limit],
    });
    const isPast = (time: number | null) => time !== null && time <= nowMs;
    const toVerify = rows.filter(({ verifyAt }) => isPast(verifyAt)).map(({ email }) => email);
    const toRetry = rows.filter(({ verifyAt, retryAt }) => !isPast(verifyAt) && isPast(retryAt)).map(({ email }) => email);
    return { toVerify, toRetry };
  }

  /** Lets parked addresses be tried once more: they are dirty, and not due again before the next refusal. */
  async retry(accountId: number, emails: readonly string[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    await executeIn(
      this.database,
      `UPDATE addresses SET dirty_cause = ${RETRIED_CAUSE},
              dirty_since = COALESCE(dirty_since, ?), retry_at = ?, due_at = verify_at
        WHERE account_id = ? AND park_step IS NOT NULL AND email IN (?)`,
      [nowMs, nowMs, accountId],
      emails,
    );
    await markPartsStaleByEmail(this.database, accountId, emails);
  }

  /** Lets every parked address be tried once more whose refusal is not final. */
  async retryAll(accountId: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    const retried = await this.database.execute(
      `UPDATE addresses SET dirty_cause = ${RETRIED_CAUSE},
              dirty_since = COALESCE(dirty_since, ?), retry_at = ?, due_at = verify_at
        WHERE account_id = ? AND parked_at IS NOT NULL AND retry_at IS NOT NULL`,
      [nowMs, nowMs, accountId],
    );
    if (retried > 0) await markAllPartsStale(this.database, accountId);
  }

  /** Counts the parked addresses that are tried again, up to `limit`. */
  async countParked(accountId: number, limit: number): Promise<number> {
    const tail = 'WHERE account_id = ? AND parked_at IS NOT NULL AND retry_at IS NOT NULL LIMIT ?';
    return (await selectRows(this.database, { entity: AddressEntity, fields: ['email'], tail, params: [accountId, limit] })).length;
  }

  /** Forgets that addresses are parked which need no call any more. */
  async unpark(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(
      this.database,
      `UPDATE addresses SET park_step = NULL, park_code = NULL, park_cause = NULL, park_attempts = 0, parked_at = NULL, retry_at = NULL,
              due_at = verify_at
        WHERE account_id = ? AND park_step IS NOT NULL AND email IN (?)`,
      [accountId],
      emails,
    );
    await markPartsStaleByEmail(this.database, accountId, emails);
  }

  /** Stores when the account must be looked at next. */
  async refreshDue(accountId: number): Promise<void> {
    const tail = 'WHERE account_id = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1';
    const [next] = await selectRows(this.database, { entity: AddressEntity, fields: ['dueAt'], tail, params: [accountId] });
    await this.database.execute('UPDATE accounts SET work_due_at = ? WHERE account_id = ?', [next?.dueAt ?? null, accountId]);
  }

  /**
   * Returns how other accounts of ours use these addresses that have or may have the same Unisender account. Addresses that none of
   * them holds are left out.
   */
  async findSharedUses(accountId: number, listId: number, emails: readonly string[]): Promise<Map<string, SharedUse>> {
    const others = await this.listSharingAccounts(accountId);
    const uses = new Map<string, SharedUse>();
    if (others.size === 0) return uses;
    // At least two values: `IN (?)` stands for the list of addresses.
    const ids = [accountId, ...others.keys()];
    const held = await selectRowsIn(
      this.database,
      {
        entity: AddressEntity,
        fields: ['accountId', 'email'],
        tail: `WHERE account_id IN (${placeholders(ids.length)}) AND (state = 'present' OR verify_at IS NOT NULL
                  OR EXISTS (SELECT 1 FROM contact_addresses h WHERE h.account_id = addresses.account_id AND h.email = addresses.email))
                AND email IN (?)`,
        params: ids,
      },
      emails,
    );
    for (const row of held.filter((each) => others.has(each.accountId))) {
      if (others.get(row.accountId) === listId) uses.set(row.email, 'same_list');
      else if (!uses.has(row.email)) uses.set(row.email, 'other_list');
    }
    return uses;
  }

  /** The other accounts that have or may have the same Unisender account, with their lists. */
  private async listSharingAccounts(accountId: number): Promise<Map<number, number | null>> {
    const fields = ['accountId', 'listId', 'unisenderAccountId', 'unisenderDoubtId', 'unisenderKeyHash', 'unisenderLogin'] as const;
    const [own] = await selectRows(this.database, { entity: AccountEntity, fields, tail: 'WHERE account_id = ?', params: [accountId] });
    if (!own) return new Map();
    const groups = [own.unisenderAccountId, own.unisenderDoubtId].flatMap((id) => id ?? []);
    const same = [
      ...groups.flatMap((id) => [['unisender_account_id', id] as const, ['unisender_doubt_id', id] as const]),
      ...(own.unisenderKeyHash === null ? [] : [['unisender_key_hash', own.unisenderKeyHash] as const]),
      ...(own.unisenderLogin === null ? [] : [['unisender_login', own.unisenderLogin] as const]),
    ];
    const rows: Pick<AccountEntity, 'accountId' | 'listId'>[] = [];
    // One statement for each column, so that each uses its index.
    for (const [column, value] of same) {
      const tail = `WHERE ${column} = ? AND account_id <> ?`;
      rows.push(...(await selectRows(this.database, { entity: AccountEntity, fields, tail, params: [value, accountId] })));
    }
    return new Map(rows.map((row) => [row.accountId, row.listId]));
  }
}
