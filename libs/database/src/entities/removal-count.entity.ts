import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** Removals that were approved without a confirmation, by minute. The RemovalGate adds up the last hour. */
@Entity('removal_counts')
export class RemovalCountEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_removal_counts_account' })
  account?: Relation<AccountEntity>;

  /** Epoch minutes. */
  @PrimaryColumn(bigintColumn({ name: 'minute' }))
  minute!: number;

  @Column({ name: 'removed', type: 'integer', default: 0 })
  removed!: number;
}
