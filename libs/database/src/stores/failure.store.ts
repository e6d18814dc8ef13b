import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { FailureEntity } from '../entities/failure.entity.js';
import { purgeRows } from './purge-rows.js';

const MAX_REASON_LENGTH = 1000;

/** Buried jobs with their reasons, for the operator. */
@Injectable()
export class FailureStore {
  constructor(private readonly database: Database) {}

  /** Adds a failure and returns its id. A longer reason than 1,000 characters is cut. */
  async add(failure: Omit<FailureEntity, 'failureId'>): Promise<string> {
    const failureId = randomUUID().replaceAll('-', '');
    const reason = failure.reason.slice(0, MAX_REASON_LENGTH);
    await this.database.run(({ manager }) => manager.insert(FailureEntity, { ...failure, failureId, reason }));
    return failureId;
  }

  /** Deletes up to `limit` failures older than `beforeMs`. Returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    return purgeRows(this.database, { entity: FailureEntity, key: 'failureId', time: 'failedAt', beforeMs, limit });
  }

  /** Lists failures of one account or of all, newest first. */
  async list({ accountId, limit }: { readonly accountId?: number; readonly limit: number }): Promise<FailureEntity[]> {
    return this.database.run(({ manager }) =>
      manager.find(FailureEntity, {
        where: accountId === undefined ? {} : { accountId },
        order: { failedAt: 'DESC', failureId: 'ASC' },
        take: limit,
      }),
    );
  }
}
