import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, LessThanOrEqual, Not } from 'typeorm';
import { type Alert, Clock } from '#domain';
import { Database } from '../database.js';
import { AlertEntity } from '../entities/alert.entity.js';
import { upsertRows } from '../entity-sql.js';
import { purgeRows } from './purge-rows.js';

/** An alert that is due for delivery. */
export type DueAlert = AlertEntity & { readonly nextAttemptAt: number };

/** Alerts for the operator, and their recoveries. They are rows, so that a crash loses none and no two processes deliver the same one. */
@Injectable()
export class AlertStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds an alert that is due now. While one with its subject is open, that one is counted once more instead. Call it in the
   * transaction of its cause.
   */
  async raise({ key, subject, kind, accountId, details }: Alert): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.database.transaction(async () => {
      if (await this.countAgain(subject)) return;
      const isKnown = await this.database.run(({ manager }) => manager.existsBy(AlertEntity, { key }));
      const row = { key: isKnown ? `${key}:${nowMs}` : key, openSubject: subject, kind, accountId, details, raisedAt: nowMs };
      await upsertRows(this.database, {
        entity: AlertEntity,
        key: ['key'],
        update: { occurrences: { sql: 'alerts.occurrences + 1' } },
        rows: [{ ...row, nextAttemptAt: nowMs }],
      });
    });
  }

  /** Lists alerts whose cause lasts, the oldest first. */
  async listOpen(limit: number): Promise<AlertEntity[]> {
    return this.database.run(({ manager }) =>
      manager.find(AlertEntity, { where: { openSubject: Not(IsNull()) }, order: { raisedAt: 'ASC' }, take: limit }),
    );
  }

  /** Ends an open alert, and adds its recovery, which is delivered after it. False when another process has ended it. */
  async recover({ key, kind, accountId, details, raisedAt, nextAttemptAt }: AlertEntity): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    return this.database.transaction(async () => {
      const { affected } = await this.database.run(({ manager }) =>
        manager.update(AlertEntity, { key, openSubject: Not(IsNull()) }, { openSubject: null }),
      );
      if (affected !== 1) return false;
      const recovery = {
        key: `recovered:${key}`,
        kind,
        accountId,
        details: { ...details, lasted_seconds: Math.max(0, Math.round((nowMs - raisedAt) / 1_000)) },
        isRecovery: true,
        raisedAt: nowMs,
        nextAttemptAt: Math.max(nowMs, (nextAttemptAt ?? 0) + 1),
      };
      await this.database.run(({ manager }) => manager.insert(AlertEntity, recovery));
      return true;
    });
  }

  /** Lists due alerts, the longest due first. */
  async listDue(limit: number): Promise<DueAlert[]> {
    const alerts = await this.database.run(({ manager }) =>
      manager.find(AlertEntity, {
        where: { nextAttemptAt: LessThanOrEqual(this.clock.nowMs()) },
        order: { nextAttemptAt: 'ASC' },
        take: limit,
      }),
    );
    return alerts as DueAlert[];
  }

  /**
   * Claims the next delivery for one process and sets the time of the one after it, in case this one fails. False when another
   * process has claimed it since it was read.
   */
  async claim({ key, nextAttemptAt }: DueAlert, retryAt: number): Promise<boolean> {
    const { affected } = await this.database.run(({ manager }) =>
      manager.update(AlertEntity, { key, nextAttemptAt }, { nextAttemptAt: retryAt, attempts: () => 'attempts + 1' }),
    );
    return affected === 1;
  }

  /** Ends the deliveries of an alert that was delivered. */
  async markDelivered(key: string): Promise<void> {
    const delivered = { deliveredAt: this.clock.nowMs(), nextAttemptAt: null };
    await this.database.run(({ manager }) => manager.update(AlertEntity, { key }, delivered));
  }

  /** Ends the deliveries of alerts raised before `beforeMs`. Returns how many were still to be delivered. */
  async giveUp(beforeMs: number): Promise<number> {
    const undelivered = { nextAttemptAt: Not(IsNull()), raisedAt: LessThan(beforeMs) };
    const { affected } = await this.database.run(({ manager }) => manager.update(AlertEntity, undelivered, { nextAttemptAt: null }));
    return affected ?? 0;
  }

  /** Deletes up to `limit` alerts raised before `beforeMs`. */
  async purge(beforeMs: number, limit: number): Promise<void> {
    await purgeRows(this.database, { entity: AlertEntity, key: 'key', time: 'raisedAt', beforeMs, limit });
  }

  private async countAgain(subject: string): Promise<boolean> {
    const changed = await this.database.execute('UPDATE alerts SET occurrences = occurrences + 1 WHERE open_subject = ?', [subject]);
    return changed > 0;
  }
}
