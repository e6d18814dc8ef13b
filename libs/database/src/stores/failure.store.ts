import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LessThan, MoreThan } from 'typeorm';
import { Database } from '../database.js';
import { FailureEntity } from '../entities/failure.entity.js';
import { purgeRows } from './purge-rows.js';

const MAX_REASON_LENGTH = 1000;

/** Which failures to list. */
export interface FailureFilter {
  readonly accountId?: number;
  readonly after?: Pick<FailureEntity, 'failedAt' | 'failureId'> | undefined;
  readonly limit: number;
}

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

  /** Lists failures of one account or of all, newest first; `after` is the last one of the previous page. */
  async list({ accountId, after, limit }: FailureFilter): Promise<FailureEntity[]> {
    const own = accountId === undefined ? {} : { accountId };
    const where = after
      ? [
          { ...own, failedAt: LessThan(after.failedAt) },
          { ...own, failedAt: after.failedAt, failureId: MoreThan(after.failureId) },
        ]
      : own;
    return this.database.run(({ manager }) =>
      manager.find(FailureEntity, { where, order: { failedAt: 'DESC', failureId: 'ASC' }, take: limit }),
    );
  }

  /** Finds the last failure of a job. Undefined when none is stored. */
  async findLast({ server, jobId }: Pick<FailureEntity, 'server' | 'jobId'>): Promise<FailureEntity | undefined> {
    const ofJob = await this.database.run(({ manager }) => manager.findBy(FailureEntity, { server, jobId }));
    return ofJob.sort((one, other) => other.failedAt - one.failedAt)[0];
  }
}
