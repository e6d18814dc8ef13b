import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, IsNull, LessThan, MoreThan, Not } from 'typeorm';
import { type AccountStatus, Clock, accountStatusesBefore, defaultAccountSettings } from '#domain';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { assertInTransaction, forUpdate, incoming, selectEntities, upsertRows } from '../entity-sql.js';

/** An account that has an integration and no access yet. */
export type PendingAccount = Pick<AccountEntity, 'accountId' | 'clientId'>;

/** An account after its authorisation. */
export type InstalledAccount = PendingAccount &
  Pick<AccountEntity, 'name' | 'subdomain' | 'host' | 'apiDomain' | 'accessScope'> &
  Partial<Pick<AccountEntity, 'awaitsApproval'>>;

/** Fields that {@link AccountStore.update} may change. Status and lease have methods of their own, and PauseStore pauses. */
export type AccountPatch = Partial<
  Pick<
    AccountEntity,
    | 'name'
    | 'subdomain'
    | 'host'
    | 'apiDomain'
    | 'authorizationRefusedAt'
    | 'awaitsApproval'
    | 'unisenderKey'
    | 'unisenderBlock'
    | 'listId'
    | 'listTitle'
    | 'listSetting'
    | 'listDecidedAt'
    | 'unisenderKeyHash'
    | 'unisenderLogin'
    | 'unisenderAccountId'
    | 'unisenderDoubtId'
    | 'formerUnisenderKey'
    | 'workDueAt'
    | 'settings'
    | 'baselineState'
    | 'exportReplacements'
    | 'exportReplacedAt'
    | 'webhookState'
    | 'unisenderWebhookState'
    | 'lastEventAt'
    | 'emailKinds'
    | 'emailKindsReadAt'
    | 'uninstallAskedAt'
  >
>;

/** Which accounts to list. */
export interface AccountFilter {
  readonly integrationId?: string;
  readonly status?: AccountStatus;
  /** Only accounts with a higher id: the last id of the previous page. */
  readonly after?: number;
  readonly limit: number;
}

/** Accounts. Times are epoch milliseconds. */
@Injectable()
export class AccountStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Adds an account that must still be authorised. An existing account only changes its integration. */
  async savePending(account: PendingAccount): Promise<void> {
    await upsertRows(this.database, {
      entity: AccountEntity,
      key: ['accountId'],
      update: incoming('clientId', 'updatedAt'),
      rows: [{ ...account, ...this.defaults(), status: 'pending_authorization' }],
    });
  }

  /** Adds an account that must still be authorised, unless it exists. Two transactions that add the same account wait for each other. */
  async addPending(account: PendingAccount): Promise<void> {
    const rows = [{ ...account, ...this.defaults(), status: 'pending_authorization' as const }];
    await upsertRows(this.database, { entity: AccountEntity, key: ['accountId'], update: {}, rows });
  }

  /**
   * Makes the account active after its authorisation and ends its pause; PauseStore ends the rows of the pause. An existing account
   * keeps its key, list, settings, baseline and webhook token.
   */
  async install({ awaitsApproval = false, ...account }: InstalledAccount): Promise<void> {
    const active = {
      status: awaitsApproval ? 'pending_authorization' : 'active',
      awaitsApproval,
      authorizationRefusedAt: null,
      disconnectedAt: null,
      uninstallAskedAt: null,
      pausedUntil: 0,
      pauseCode: null,
    } as const;
    await upsertRows(this.database, {
      entity: AccountEntity,
      key: ['accountId'],
      update: incoming(
        'clientId',
        'updatedAt',
        'status',
        'name',
        'subdomain',
        'host',
        'apiDomain',
        'accessScope',
        'awaitsApproval',
        'authorizationRefusedAt',
        'disconnectedAt',
        'uninstallAskedAt',
        'pausedUntil',
        'pauseCode',
      ),
      rows: [{ ...account, ...this.defaults(), ...active }],
    });
  }

  /** Returns the account, or undefined. */
  async find(accountId: number): Promise<AccountEntity | undefined> {
    const [account] = await selectEntities(this.database, AccountEntity, 'WHERE account_id = ?', [accountId]);
    return account;
  }

  /** Whether an account has this host. */
  async isKnownHost(host: string): Promise<boolean> {
    return this.database.run(({ manager }) => manager.existsBy(AccountEntity, { host }));
  }

  /** Lists accounts with an undecided "access revoked" call, the oldest call first. */
  async listUninstalling(limit: number): Promise<AccountEntity[]> {
    const where = { uninstallAskedAt: Not(IsNull()) };
    return this.database.run(({ manager }) => manager.find(AccountEntity, { where, order: { uninstallAskedAt: 'ASC' }, take: limit }));
  }

  /** Lists active accounts whose key Unisender refuses, in ascending order of their ids after `after`. */
  async listKeyRefused(after: number, limit: number): Promise<AccountEntity[]> {
    const where = { accountId: MoreThan(after), status: 'active' as const, unisenderBlock: Not(IsNull()), unisenderKeyHash: Not(IsNull()) };
    return this.database.run(({ manager }) => manager.find(AccountEntity, { where, order: { accountId: 'ASC' }, take: limit }));
  }

  /** Records that Unisender accepts this key of the account again. False when another key has been saved. */
  async unblockKey(accountId: number, unisenderKeyHash: string): Promise<boolean> {
    const { affected } = await this.database.run(({ manager }) =>
      manager.update(AccountEntity, { accountId, unisenderKeyHash }, { unisenderBlock: null }),
    );
    return affected === 1;
  }

  /** Lists accounts in ascending order of their ids. */
  async list({ integrationId, status, after, limit }: AccountFilter): Promise<AccountEntity[]> {
    const where: FindOptionsWhere<AccountEntity> = {
      ...(after === undefined ? {} : { accountId: MoreThan(after) }),
      ...(integrationId === undefined ? {} : { clientId: integrationId }),
      ...(status === undefined ? {} : { status }),
    };
    return this.database.run(({ manager }) => manager.find(AccountEntity, { where, order: { accountId: 'ASC' }, take: limit }));
  }

  /** Returns the Unisender account of another account that has the same key, or undefined. */
  async findUnisenderAccountOfKey(accountId: number, unisenderKeyHash: string): Promise<string | undefined> {
    const where = { accountId: Not(accountId), unisenderKeyHash, unisenderAccountId: Not(IsNull()) };
    const other = await this.database.run(({ manager }) => manager.findOneBy(AccountEntity, where));
    return other?.unisenderAccountId ?? undefined;
  }

  /** Lists active accounts in which an address must be verified or tried again since before `beforeMs`. */
  async listWorkDue(beforeMs: number, limit: number): Promise<number[]> {
    const where = { status: 'active' as const, workDueAt: LessThan(beforeMs) };
    const due = await this.database.run(({ manager }) =>
      manager.find(AccountEntity, { select: { accountId: true }, where, order: { workDueAt: 'ASC' }, take: limit }),
    );
    return due.map(({ accountId }) => accountId);
  }

  /** Locks the account's row until the transaction ends. Throws BugError outside a transaction. Without effect for an unknown id. */
  async lockRow(accountId: number): Promise<void> {
    assertInTransaction(this.database);
    // SQL by hand: SQLite knows no FOR UPDATE; its transactions lock the whole file.
    await this.database.query(`SELECT account_id FROM accounts WHERE account_id = ?${forUpdate(this.database)}`, [accountId]);
  }

  /** Locks the account's row until the transaction ends, and returns the account as it is then, or undefined. */
  async findLocked(accountId: number): Promise<AccountEntity | undefined> {
    await this.lockRow(accountId);
    return this.find(accountId);
  }

  /** Keeps the sealed key of the Unisender account that the account has left, until its last export is read. */
  async keepFormerKey(accountId: number, formerUnisenderKey: string): Promise<void> {
    await this.update(accountId, { formerUnisenderKey, listDecidedAt: this.clock.nowMs() });
  }

  /** Changes the fields of `patch`. False when the account does not exist. */
  async update(accountId: number, patch: AccountPatch): Promise<boolean> {
    const changes = { ...patch, updatedAt: this.clock.nowMs() };
    const { affected } = await this.database.run(({ manager }) => manager.update(AccountEntity, { accountId }, changes));
    return affected === 1;
  }

  /** Changes the status if that is allowed. False when the present status does not allow it or the account does not exist. */
  async setStatus(accountId: number, status: AccountStatus): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    const from = [status, ...accountStatusesBefore(status)];
    const disconnectedAt = status === 'disconnected' ? () => 'COALESCE(disconnected_at, :nowMs)' : null;
    const { affected } = await this.database.run(({ manager }) =>
      manager
        .createQueryBuilder()
        .update(AccountEntity)
        .set({ status, disconnectedAt, updatedAt: nowMs })
        .where('accountId = :accountId AND status IN (:...from)', { accountId, from, nowMs })
        .execute(),
    );
    return affected === 1;
  }

  private defaults(): Pick<AccountEntity, 'settings' | 'createdAt' | 'updatedAt'> {
    const nowMs = this.clock.nowMs();
    return { settings: defaultAccountSettings, createdAt: nowMs, updatedAt: nowMs };
  }
}
