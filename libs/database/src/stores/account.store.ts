import { type AccountStatus, type Clock, type ErrorCode, accountStatusesBefore, defaultAccountSettings, toStoredSettings } from '#domain';
import type { Database } from '../database.js';
import type { SqlValue } from '../session.js';
import { assertInTransaction, forUpdate, placeholders, upsertRows } from '../sql.js';

/** Whether an export has told what stood in Unisender before us. */
export type BaselineState = 'none' | 'done';
/** Kommo's webhook as it was last seen. */
export type WebhookState = 'active' | 'missing' | 'disabled';

/** A Kommo account and what was decided about it. Secrets are sealed. */
export interface AccountRow {
  readonly accountId: number;
  readonly clientId: string;
  readonly name: string;
  readonly subdomain: string;
  /** `sub.kommo.com`; empty until the account was authorised. */
  readonly host: string;
  readonly apiDomain: string | null;
  readonly status: AccountStatus;
  /** Sealed. */
  readonly unisenderKey: string | null;
  /** Why Unisender refuses the key, or null while it is accepted. */
  readonly unisenderBlock: string | null;
  readonly listId: number | null;
  readonly listTitle: string | null;
  /** AccountSettings as `toStoredSettings` writes them. */
  readonly settings: string;
  readonly baselineState: BaselineState;
  /** Sealed. */
  readonly webhookToken: string;
  readonly webhookTokenHash: string;
  readonly webhookState: WebhookState | null;
  /** No job touches the account before this time. */
  readonly pausedUntil: number;
  readonly pauseCode: string | null;
  readonly lastEventAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly disconnectedAt: number | null;
}

/** An account that has an integration and no access yet. */
export interface PendingAccount {
  readonly accountId: number;
  readonly clientId: string;
  /** Sealed; ignored when the account has one. */
  readonly webhookToken: string;
  readonly webhookTokenHash: string;
}

/** An account as its authorisation shows it. */
export interface InstalledAccount extends PendingAccount {
  readonly name: string;
  readonly subdomain: string;
  readonly host: string;
  readonly apiDomain: string | null;
}

/** What may be changed by itself; the status and the lease have methods of their own. */
export type AccountPatch = Partial<
  Pick<
    AccountRow,
    | 'name'
    | 'subdomain'
    | 'host'
    | 'apiDomain'
    | 'unisenderKey'
    | 'unisenderBlock'
    | 'listId'
    | 'listTitle'
    | 'settings'
    | 'baselineState'
    | 'webhookState'
    | 'lastEventAt'
  >
>;

/** Which accounts to list. */
export interface AccountFilter {
  readonly integrationId?: string;
  readonly status?: AccountStatus;
  /** Only accounts with a higher id: the last one of the page before. */
  readonly after?: number;
  readonly limit: number;
}

interface StoredAccount {
  readonly account_id: number;
  readonly client_id: string;
  readonly name: string;
  readonly subdomain: string;
  readonly host: string;
  readonly api_domain: string | null;
  readonly status: AccountStatus;
  readonly unisender_key: string | null;
  readonly unisender_block: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly settings: string;
  readonly baseline_state: BaselineState;
  readonly webhook_token: string;
  readonly webhook_token_hash: string;
  readonly webhook_state: WebhookState | null;
  readonly paused_until: number;
  readonly pause_code: string | null;
  readonly last_event_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly disconnected_at: number | null;
}

const toAccountRow = (row: StoredAccount): AccountRow => ({
  accountId: row.account_id,
  clientId: row.client_id,
  name: row.name,
  subdomain: row.subdomain,
  host: row.host,
  apiDomain: row.api_domain,
  status: row.status,
  unisenderKey: row.unisender_key,
  unisenderBlock: row.unisender_block,
  listId: row.list_id,
  listTitle: row.list_title,
  settings: row.settings,
  baselineState: row.baseline_state,
  webhookToken: row.webhook_token,
  webhookTokenHash: row.webhook_token_hash,
  webhookState: row.webhook_state,
  pausedUntil: row.paused_until,
  pauseCode: row.pause_code,
  lastEventAt: row.last_event_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  disconnectedAt: row.disconnected_at,
});

const columnOf: Readonly<Record<keyof AccountPatch, string>> = {
  name: 'name',
  subdomain: 'subdomain',
  host: 'host',
  apiDomain: 'api_domain',
  unisenderKey: 'unisender_key',
  unisenderBlock: 'unisender_block',
  listId: 'list_id',
  listTitle: 'list_title',
  settings: 'settings',
  baselineState: 'baseline_state',
  webhookState: 'webhook_state',
  lastEventAt: 'last_event_at',
};

const COLUMNS = `account_id, client_id, name, subdomain, host, api_domain, status, unisender_key, unisender_block, list_id, list_title,
  settings, baseline_state, webhook_token, webhook_token_hash, webhook_state, paused_until, pause_code, last_event_at, created_at,
  updated_at, disconnected_at`;

const NEW_COLUMNS = [
  'account_id',
  'client_id',
  'webhook_token',
  'webhook_token_hash',
  'settings',
  'created_at',
  'updated_at',
  'status',
  'name',
  'subdomain',
  'host',
  'api_domain',
];

const newRow = (account: PendingAccount, nowMs: number): SqlValue[] => [
  account.accountId,
  account.clientId,
  account.webhookToken,
  account.webhookTokenHash,
  toStoredSettings(defaultAccountSettings),
  nowMs,
  nowMs,
];

/** Accounts and their pauses. */
export class AccountStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Adds an account that still has to be authorised. An existing one only changes its integration. */
  async savePending(account: PendingAccount): Promise<void> {
    await upsertRows(this.database, {
      table: 'accounts',
      columns: NEW_COLUMNS,
      key: ['account_id'],
      update: { client_id: 'incoming', updated_at: 'incoming' },
      rows: [[...newRow(account, this.clock.nowMs()), 'pending_authorization', '', '', '', null]],
    });
  }

  /**
   * Makes the account active after its authorisation. A known account keeps its key, list, settings, baseline and webhook
   * token; its pause ends.
   */
  async install(account: InstalledAccount): Promise<void> {
    await upsertRows(this.database, {
      table: 'accounts',
      columns: NEW_COLUMNS,
      key: ['account_id'],
      update: {
        client_id: 'incoming',
        updated_at: 'incoming',
        status: 'incoming',
        name: 'incoming',
        subdomain: 'incoming',
        host: 'incoming',
        api_domain: 'incoming',
        disconnected_at: { sql: 'NULL' },
        paused_until: { sql: '0' },
        pause_code: { sql: 'NULL' },
      },
      rows: [[...newRow(account, this.clock.nowMs()), 'active', account.name, account.subdomain, account.host, account.apiDomain]],
    });
  }

  /** The account, or undefined. */
  async find(accountId: number): Promise<AccountRow | undefined> {
    const [row] = await this.database.query<StoredAccount>(`SELECT ${COLUMNS} FROM accounts WHERE account_id = ?`, [accountId]);
    return row && toAccountRow(row);
  }

  /** The account behind a webhook's URL, or undefined. */
  async findByWebhookTokenHash(hash: string): Promise<AccountRow | undefined> {
    const [row] = await this.database.query<StoredAccount>(`SELECT ${COLUMNS} FROM accounts WHERE webhook_token_hash = ?`, [hash]);
    return row && toAccountRow(row);
  }

  /** In the order of their ids. */
  async list(filter: AccountFilter): Promise<AccountRow[]> {
    const conditions: [string, SqlValue | undefined][] = [
      ['account_id > ?', filter.after],
      ['client_id = ?', filter.integrationId],
      ['status = ?', filter.status],
    ];
    const given = conditions.filter((condition): condition is [string, SqlValue] => condition[1] !== undefined);
    const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
    const rows = await this.database.query<StoredAccount>(`SELECT ${COLUMNS} FROM accounts ${where} ORDER BY account_id LIMIT ?`, [
      ...given.map(([, value]) => value),
      filter.limit,
    ]);
    return rows.map(toAccountRow);
  }

  /** Locks the account's row until the transaction ends. Throws BugError outside a transaction; without effect for an unknown id. */
  async lockRow(accountId: number): Promise<void> {
    assertInTransaction(this.database);
    // SQL by hand: SQLite knows no FOR UPDATE; its transactions lock the whole file.
    await this.database.query(`SELECT account_id FROM accounts WHERE account_id = ?${forUpdate(this.database)}`, [accountId]);
  }

  /** Changes what `patch` names. False when there is no such account. */
  async update(accountId: number, patch: AccountPatch): Promise<boolean> {
    const names = (Object.keys(patch) as (keyof AccountPatch)[]).filter((name) => patch[name] !== undefined);
    const values = names.map((name): SqlValue => patch[name] ?? null);
    const assignments = names.map((name) => `${columnOf[name]} = ?, `).join('');
    const sql = `UPDATE accounts SET ${assignments}updated_at = ? WHERE account_id = ?`;
    return (await this.database.execute(sql, [...values, this.clock.nowMs(), accountId])) === 1;
  }

  /** Makes an allowed change of status. False when the account's present status does not allow it (or there is no account). */
  async setStatus(accountId: number, status: AccountStatus): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    const from = [status, ...accountStatusesBefore(status)];
    const disconnectedAt = status === 'disconnected' ? 'COALESCE(disconnected_at, ?)' : 'NULL';
    const matched = await this.database.execute(
      `UPDATE accounts SET status = ?, disconnected_at = ${disconnectedAt}, updated_at = ?
        WHERE account_id = ? AND status IN (${placeholders(from.length)})`,
      [status, ...(status === 'disconnected' ? [nowMs] : []), nowMs, accountId, ...from],
    );
    return matched === 1;
  }

  /** Keeps jobs off the account until `untilMs`. A longer pause stays. */
  async pause(accountId: number, untilMs: number, code: ErrorCode): Promise<void> {
    await this.database.execute('UPDATE accounts SET paused_until = ?, pause_code = ? WHERE account_id = ? AND paused_until < ?', [
      untilMs,
      code,
      accountId,
      untilMs,
    ]);
  }

  /** Lets jobs at the account again before its time. */
  async endPause(accountId: number): Promise<void> {
    await this.database.execute('UPDATE accounts SET paused_until = 0, pause_code = NULL WHERE account_id = ?', [accountId]);
  }
}
