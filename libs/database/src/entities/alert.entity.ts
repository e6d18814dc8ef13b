import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** Something that someone has to act on, and whether the operator's webhook was told. */
@Entity('alerts')
@Index('ix_alerts_next', ['nextAt'])
@Index('ix_alerts_raised', ['raisedAt'])
@Index('ix_alerts_account', ['accountId', 'alertKey'])
export class AlertEntity {
  /** Names the occasion: what happens again under the same key is counted. */
  @PrimaryColumn({ name: 'alert_key', type: 'varchar', length: 191 })
  alertKey!: string;

  @Column({ name: 'kind', type: 'varchar', length: 40 })
  kind!: string;

  @Column(bigintColumn({ name: 'account_id', nullable: true }))
  accountId!: number | null;

  /** JSON: ids, codes and counts. */
  @Column({ name: 'details', type: 'text' })
  details!: string;

  @Column({ name: 'occurrences', type: 'integer', default: 1 })
  occurrences!: number;

  @Column(bigintColumn({ name: 'raised_at' }))
  raisedAt!: number;

  /** When to try to tell it; null once it was told or given up. */
  @Column(bigintColumn({ name: 'next_at', nullable: true }))
  nextAt!: number | null;

  @Column({ name: 'attempts', type: 'integer', default: 0 })
  attempts!: number;

  @Column(bigintColumn({ name: 'delivered_at', nullable: true }))
  deliveredAt!: number | null;
}
