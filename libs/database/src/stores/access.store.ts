import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { AccessEntity } from '../entities/access.entity.js';
import { selectEntities, upsertRows } from '../entity-sql.js';

/** A token pair of Kommo, sealed. */
export type SealedPair = Pick<AccessEntity, 'accessToken' | 'refreshToken'>;

/** The accounts' token pairs, and the locks for their refresh. Times are epoch milliseconds. */
@Injectable()
export class AccessStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Returns the account's pair, or undefined when the account was never authorised. */
  async find(accountId: number): Promise<AccessEntity | undefined> {
    const [access] = await selectEntities(this.database, AccessEntity, 'WHERE account_id = ?', [accountId]);
    return access;
  }

  /** Stores the pair of a new authorisation over any other pair. A refresh that is under way cannot overwrite it. */
  async save(accountId: number, { accessToken, refreshToken }: SealedPair, expiresAt: number): Promise<void> {
    await upsertRows(this.database, {
      entity: AccessEntity,
      key: ['accountId'],
      update: {
        accessToken: 'incoming',
        refreshToken: 'incoming',
        expiresAt: 'incoming',
        refreshedAt: 'incoming',
        version: { sql: 'accesses.version + 1' },
        refreshOwner: 'incoming',
        refreshUntil: 'incoming',
      },
      rows: [
        {
          accountId,
          accessToken,
          refreshToken,
          expiresAt,
          refreshedAt: this.clock.nowMs(),
          version: 1,
          refreshOwner: null,
          refreshUntil: 0,
        },
      ],
    });
  }

  /** Locks the refresh of the pair for one owner over all processes, for `forMs`. False while another owner holds the lock. */
  async tryLockRefresh(accountId: number, owner: string, forMs: number): Promise<boolean> {
    // SQL by hand: the lock goes by the database's clock, in the same statement.
    const { nowSql } = this.database;
    const locked = await this.database.execute(
      `UPDATE accesses SET refresh_owner = ?, refresh_until = ${nowSql} + ?
        WHERE account_id = ? AND (refresh_owner IS NULL OR refresh_until <= ${nowSql})`,
      [owner, forMs, accountId],
    );
    return locked === 1;
  }

  /** Lets the lock of the owner end `forMs` from now. Without effect when another owner holds it. */
  async prolongRefresh(accountId: number, owner: string, forMs: number): Promise<void> {
    const until = `refresh_until = ${this.database.nowSql} + ?`;
    await this.database.execute(`UPDATE accesses SET ${until} WHERE account_id = ? AND refresh_owner = ?`, [forMs, accountId, owner]);
  }

  /**
   * Stores the successor of the pair with `expectedVersion` and releases the owner's lock. False when another pair was stored
   * before. An owner whose lock has expired may still store: its call may have made the old refresh token invalid.
   */
  async storeRefreshed(accountId: number, owner: string, expectedVersion: number, pair: SealedPair, expiresAt: number): Promise<boolean> {
    // SQL by hand: both CASEs must read the stored owner, hence the order of the assignments matters on MySQL.
    const stored = await this.database.execute(
      `UPDATE accesses SET access_token = ?, refresh_token = ?, expires_at = ?, refreshed_at = ?, version = version + 1,
              refresh_until = CASE WHEN refresh_owner = ? THEN 0 ELSE refresh_until END,
              refresh_owner = CASE WHEN refresh_owner = ? THEN NULL ELSE refresh_owner END
        WHERE account_id = ? AND version = ?`,
      [pair.accessToken, pair.refreshToken, expiresAt, this.clock.nowMs(), owner, owner, accountId, expectedVersion],
    );
    return stored === 1;
  }

  /** Releases the lock. Without effect when another owner holds it. */
  async unlockRefresh(accountId: number, owner: string): Promise<void> {
    const free = { refreshOwner: null, refreshUntil: 0 };
    await this.database.run(({ manager }) => manager.update(AccessEntity, { accountId, refreshOwner: owner }, free));
  }

  /** Lists ids of active and suspended accounts above `afterAccountId` whose access token expires before `beforeMs`, ascending. */
  async listExpiringBefore(beforeMs: number, afterAccountId: number, limit: number): Promise<number[]> {
    const rows = await this.database.run(({ manager }) =>
      manager
        .createQueryBuilder(AccessEntity, 'access')
        .innerJoin('access.account', 'account')
        .select('access.accountId', 'accountId')
        .where('access.expiresAt < :beforeMs AND access.accountId > :afterAccountId', { beforeMs, afterAccountId })
        .andWhere("account.status IN ('active', 'suspended')")
        .orderBy('access.accountId')
        .limit(limit)
        .getRawMany<{ accountId: number }>(),
    );
    return rows.map(({ accountId }) => accountId);
  }

  /** Deletes the account's pair. Without effect when another pair than that of `version` has been stored. */
  async remove(accountId: number, version: number): Promise<void> {
    await this.database.run(({ manager }) => manager.delete(AccessEntity, { accountId, version }));
  }
}
