import { Injectable } from '@nestjs/common';
import { LessThan, Like, MoreThan, Not } from 'typeorm';
import type { ErrorCode, PauseScope, PauseSpan } from '#domain';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { PauseEntity } from '../entities/pause.entity.js';
import { forUpdate, placeholders, upsertRows } from '../entity-sql.js';

/** A pause to set. */
export interface NewPause {
  readonly code: ErrorCode;
  /** Epoch milliseconds */
  readonly untilMs: number;
  readonly reason?: string | null;
}

const METHOD_KEPT_MS = 7 * 24 * 3_600_000;

/** Returns the new pause. `last` is the last one of the same scope and code, also one that has ended. */
type PauseDecision = (last: PauseEntity | undefined, nowMs: number) => PauseSpan & { readonly reason?: string | null };

/** Refusals of accounts to look for. */
export interface RefusalFilter {
  readonly codes: readonly ErrorCode[];
  /** Only pauses that began at this time or later, epoch milliseconds. */
  readonly sinceMs: number;
}

/** A pause that doubles from a minute to 15 has lasted for about an hour then. */
const MANY_REPETITIONS = 6;

/**
 * Pauses of vendors, accounts, hosts, keys and methods, by the database's clock. A scope has one pause for each code; the longest counts. The
 * account's row has a copy of its longest pause, for the queries that look for work.
 */
@Injectable()
export class PauseStore {
  constructor(private readonly database: Database) {}

  /** The present time by the clock that pauses go by, epoch milliseconds. */
  async nowMs(): Promise<number> {
    return this.database.nowMs();
  }

  /** Pauses a scope. Without effect on a longer pause with the same code. */
  async add(scope: PauseScope, { code, untilMs, reason = null }: NewPause): Promise<void> {
    await this.change(scope, code, (last, nowMs) => {
      const isActive = last !== undefined && last.until > nowMs;
      if (isActive && last.until >= untilMs) return last;
      return { since: isActive ? last.since : nowMs, until: untilMs, repetitions: 1, reason };
    });
  }

  /** Sets the pause of a scope for one code as `decide` says, and returns it. */
  async change(scope: PauseScope, code: ErrorCode, decide: PauseDecision): Promise<PauseEntity> {
    const key = { kind: scope.kind, id: scope.id, code };
    return this.transact(scope, async () => {
      // The row must exist before its lock can be taken; the insert takes it.
      const empty = { ...key, since: 0, until: 0, repetitions: 0, reason: null };
      await upsertRows(this.database, { entity: PauseEntity, key: ['kind', 'id', 'code'], update: {}, rows: [empty] });
      const stored = await this.database.run(({ manager }) => manager.findOneByOrFail(PauseEntity, key));
      const { since, until, repetitions, reason = null } = decide(stored.until === 0 ? undefined : stored, await this.database.nowMs());
      await this.database.run(({ manager }) => manager.update(PauseEntity, key, { since, until, repetitions, reason }));
      return { ...key, since, until, repetitions, reason };
    });
  }

  /** Ends all pauses of a scope, or all but those with one code. Returns how many were active. */
  async lift(scope: PauseScope, exceptCode?: ErrorCode): Promise<number> {
    const chosen = { kind: scope.kind, id: scope.id, ...(exceptCode === undefined ? {} : { code: Not(exceptCode) }) };
    return this.transact(scope, async () => {
      const active = { ...chosen, until: MoreThan(await this.database.nowMs()) };
      const count = await this.database.run(({ manager }) => manager.countBy(PauseEntity, active));
      await this.database.run(({ manager }) => manager.delete(PauseEntity, chosen));
      return count;
    });
  }

  /** Ends the pauses of all scopes of one kind. Returns how many were active. */
  async liftAll(kind: Exclude<PauseScope['kind'], 'account'>): Promise<number> {
    const active = { kind, until: MoreThan(await this.database.nowMs()) };
    const count = await this.database.run(({ manager }) => manager.countBy(PauseEntity, active));
    await this.database.run(({ manager }) => manager.delete(PauseEntity, { kind }));
    return count;
  }

  /** Lists the active pauses of these scopes, the longest first, and the ended ones of methods: those stay until a call succeeds. */
  async findActive(scopes: readonly PauseScope[]): Promise<PauseEntity[]> {
    if (scopes.length === 0) return [];
    // SQL by hand: every request to a vendor reads its pauses, and compares them with the database's time in the same statement.
    const anyScope = scopes.map(() => '(scope_kind = ? AND scope_id = ?)').join(' OR ');
    const rows = await this.database.query<PauseEntity>(
      `SELECT scope_kind AS kind, scope_id AS id, code, began_at AS since, ends_at AS \`until\`, repetitions, reason
         FROM pauses WHERE (${anyScope}) AND (ends_at > ${this.database.nowSql} OR scope_kind = 'method') ORDER BY ends_at DESC`,
      scopes.flatMap(({ kind, id }) => [kind, id]),
    );
    return rows;
  }

  /** Lists up to `limit` active pauses, the longest first. */
  async listActive(limit: number): Promise<PauseEntity[]> {
    const active = { until: MoreThan(await this.database.nowMs()) };
    return this.database.run(({ manager }) => manager.find(PauseEntity, { where: active, order: { until: 'DESC' }, take: limit }));
  }

  /** Lists up to `limit` methods that Unisender refuses, as `hash:method`: of one key, or of all. */
  async listDeniedMethods(limit: number, keyHash?: string): Promise<string[]> {
    const where = { kind: 'method' as const, ...(keyHash === undefined ? {} : { id: Like(`${keyHash}:%`) }) };
    const denied = await this.database.run(({ manager }) => manager.find(PauseEntity, { select: { id: true }, where, take: limit }));
    return denied.map(({ id }) => id);
  }

  /** Ends the pauses of all methods of a key. Returns how many were refused. */
  async liftMethods(keyHash: string): Promise<number> {
    const { affected } = await this.database.run(({ manager }) =>
      manager.delete(PauseEntity, { kind: 'method', id: Like(`${keyHash}:%`) }),
    );
    return affected ?? 0;
  }

  /** Lists up to `limit` active pauses that began before `beganBeforeMs`, or are one of many in a row. */
  async listLasting(beganBeforeMs: number, limit: number): Promise<PauseEntity[]> {
    const until = MoreThan(await this.database.nowMs());
    const where = [
      { until, since: LessThan(beganBeforeMs) },
      { until, repetitions: MoreThan(MANY_REPETITIONS) },
    ];
    return this.database.run(({ manager }) => manager.find(PauseEntity, { where, order: { since: 'ASC' }, take: limit }));
  }

  /** Whether the scope has been paused with this code within the last `withinMs`. */
  async wasPausedWithin(withinMs: number, { kind, id }: PauseScope, code: string): Promise<boolean> {
    const until = MoreThan((await this.database.nowMs()) - withinMs);
    return this.database.run(({ manager }) => manager.existsBy(PauseEntity, { kind, id, code: code as ErrorCode, until }));
  }

  /** Counts the known accounts that were refused. An account that is not stored, as in its first authorisation, does not count. */
  async countRefusedAccounts({ codes, sinceMs }: RefusalFilter): Promise<number> {
    // SQL by hand: the id of a scope is a text.
    const [row] = await this.database.query<{ refused: number }>(
      `SELECT COUNT(DISTINCT account.account_id) AS refused FROM pauses pause
         JOIN accounts account ON account.account_id = CAST(pause.scope_id AS SIGNED)
        WHERE pause.scope_kind = 'account' AND pause.code IN (${placeholders(codes.length)}) AND pause.began_at >= ?`,
      [...codes, sinceMs],
    );
    return Number(row?.refused ?? 0);
  }

  /** Deletes pauses that ended before `beforeMs`. Those of methods are kept for a week: some methods are needed once a day. */
  async purge(beforeMs: number): Promise<number> {
    const old = [
      { kind: Not('method' as const), until: LessThan(beforeMs) },
      { kind: 'method' as const, until: LessThan(beforeMs - METHOD_KEPT_MS) },
    ];
    let purged = 0;
    for (const where of old) purged += (await this.database.run(({ manager }) => manager.delete(PauseEntity, where))).affected ?? 0;
    return purged;
  }

  /** Runs `work` in a transaction, then copies the longest pause of an account to its row. The account's row is locked first. */
  private async transact<Result>(scope: PauseScope, work: () => Promise<Result>): Promise<Result> {
    return this.database.transaction(async () => {
      if (scope.kind !== 'account') return work();
      await this.database.query(`SELECT account_id FROM accounts WHERE account_id = ?${forUpdate(this.database)}`, [Number(scope.id)]);
      const result = await work();
      const [longest] = await this.findActive([scope]);
      const copy = { pausedUntil: longest?.until ?? 0, pauseCode: longest?.code ?? null };
      await this.database.run(({ manager }) => manager.update(AccountEntity, { accountId: Number(scope.id) }, copy));
      return result;
    });
  }
}
