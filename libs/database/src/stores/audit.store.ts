import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, LessThan } from 'typeorm';
import { Database } from '../database.js';
import { AuditEntity } from '../entities/audit.entity.js';
import { purgeRows } from './purge-rows.js';

/** Which actions to list. */
export interface AuditFilter {
  readonly accountId?: number | undefined;
  /** Only actions older than this one: the last id of the previous page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** The audit log: what operators, widget users and commands did. */
@Injectable()
export class AuditStore {
  constructor(private readonly database: Database) {}

  /** Records an action. Throws DuplicateKeyError for a known id. */
  async add(action: AuditEntity): Promise<void> {
    await this.database.run(({ manager }) => manager.insert(AuditEntity, action));
  }

  /** Records the outcome of an action. A recorded account stays. */
  async settle(auditId: string, outcome: string, accountId: number | null): Promise<void> {
    await this.database.run(({ manager }) =>
      manager
        .createQueryBuilder()
        .update(AuditEntity)
        .set({ outcome, accountId: () => 'COALESCE(account_id, :accountId)' })
        .where({ auditId })
        .setParameter('accountId', accountId)
        .execute(),
    );
  }

  /** Lists actions, newest first. */
  async list({ accountId, before, limit }: AuditFilter): Promise<AuditEntity[]> {
    const where: FindOptionsWhere<AuditEntity> = {
      ...(accountId === undefined ? {} : { accountId }),
      ...(before === undefined ? {} : { auditId: LessThan(before) }),
    };
    return this.database.run(({ manager }) => manager.find(AuditEntity, { where, order: { auditId: 'DESC' }, take: limit }));
  }

  /** Deletes up to `limit` actions older than `beforeMs`. Returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    return purgeRows(this.database, { entity: AuditEntity, key: 'auditId', time: 'at', beforeMs, limit });
  }
}
