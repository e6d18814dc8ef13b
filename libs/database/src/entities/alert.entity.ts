import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { AlertDetails, AlertKind } from '#domain';
import { bigintColumn, jsonColumn } from './columns.js';

/** An alert for the operator and the state of its delivery. Times are epoch milliseconds. */
@Entity('alerts')
@Index('ix_alerts_next_attempt', ['nextAttemptAt'])
@Index('ix_alerts_raised', ['raisedAt'])
@Index('ix_alerts_account', ['accountId', 'key'])
@Index('ux_alerts_open_subject', ['openSubject'], { unique: true })
export class AlertEntity {
  /** Identifies the occasion. The same subject or key raised again is counted in `occurrences`. */
  @PrimaryColumn({ name: 'alert_key', type: 'varchar', length: 191 })
  key!: string;

  /** The subject while the alert is open; null once its cause has ended, and in a recovery. */
  @Column({ name: 'open_subject', type: 'varchar', length: 191, nullable: true })
  openSubject!: string | null;

  /** Whether the row says that the cause of an alert has ended. */
  @Column({ name: 'is_recovery', type: 'boolean', default: false })
  isRecovery!: boolean;

  @Column({ name: 'kind', type: 'varchar', length: 40 })
  kind!: AlertKind;

  @Column(bigintColumn({ name: 'account_id', nullable: true }))
  accountId!: number | null;

  @Column(jsonColumn({ name: 'details' }))
  details!: AlertDetails;

  @Column({ name: 'occurrences', type: 'integer', default: 1 })
  occurrences!: number;

  @Column(bigintColumn({ name: 'raised_at' }))
  raisedAt!: number;

  /** When the next delivery is due; null once it is delivered or given up. */
  @Column(bigintColumn({ name: 'next_attempt_at', nullable: true }))
  nextAttemptAt!: number | null;

  /** Deliveries tried so far. */
  @Column({ name: 'attempts', type: 'integer', default: 0 })
  attempts!: number;

  @Column(bigintColumn({ name: 'delivered_at', nullable: true }))
  deliveredAt!: number | null;
}
