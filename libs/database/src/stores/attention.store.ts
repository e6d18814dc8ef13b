import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { type Field, placeholders, selectRows } from '../entity-sql.js';

const fields = [
  'accountId',
  'name',
  'status',
  'awaitsApproval',
  'unisenderBlock',
  'unisenderKeyHash',
  'webhookState',
  'unisenderWebhookState',
  'authorizationRefusedAt',
] as const satisfies readonly Field<AccountEntity>[];

/** What decides whether a human must act on an account. */
export type AttentionCandidate = Pick<AccountEntity, (typeof fields)[number]>;

/** What makes an account a candidate besides its own columns. */
export interface AttentionScope {
  /** Accounts with a pause that only a human ends. */
  readonly accountIds: readonly number[];
  /** Hashes of Unisender keys with such a pause. */
  readonly keyHashes: readonly string[];
  /** Accounts with a run that waits for a confirmation. */
  readonly waitingIds: readonly number[];
}

/** Finds the accounts that may need a human. */
// SQL by hand: one pass over the accounts. The cost grows with accounts, never with contacts.
@Injectable()
export class AttentionStore {
  constructor(private readonly database: Database) {}

  /** Lists up to `limit` candidates that are not disconnected, in the order of their ids. */
  async listCandidates({ accountIds, keyHashes, waitingIds }: AttentionScope, limit: number): Promise<AttentionCandidate[]> {
    const among = (column: string, values: readonly unknown[]) =>
      values.length === 0 ? '' : ` OR ${column} IN (${placeholders(values.length)})`;
    const tail = `WHERE account_id > 0 AND status <> 'disconnected' AND (status IN ('reauthorization_required', 'suspended') OR awaits_approval = 1
        OR authorization_refused_at IS NOT NULL OR unisender_block IS NOT NULL OR webhook_state IN ('disabled', 'missing')
        OR unisender_webhook_state = 'stopped'${among('account_id', [...accountIds, ...waitingIds])}${among('unisender_key_hash', keyHashes)})
      ORDER BY account_id LIMIT ?`;
    const params = [...accountIds, ...waitingIds, ...keyHashes, limit];
    return selectRows(this.database, { entity: AccountEntity, fields, tail, params });
  }

  /** Lists the accounts with a run that waits for a confirmation, up to `limit`. */
  async listWithWaitingRun(limit: number): Promise<number[]> {
    const sql = `SELECT DISTINCT account_id AS accountId FROM runs WHERE state = 'waiting_for_confirmation' LIMIT ?`;
    return (await this.database.query<{ accountId: number }>(sql, [limit])).map(({ accountId }) => accountId);
  }
}
