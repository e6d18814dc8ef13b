import { Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** The contacts of an account by outcome, as they were last counted. Counting a million contacts takes seconds. */
@Entity('contact_figures')
@Index('ix_contact_figures_counted', ['countedAt'])
export class ContactFiguresEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @OneToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_contact_figures_account' })
  account?: Relation<AccountEntity>;

  @Column({ name: 'total', type: 'integer' })
  total!: number;

  @Column({ name: 'in_sync', type: 'integer' })
  inSync!: number;

  @Column({ name: 'waiting', type: 'integer', default: 0 })
  waiting!: number;

  @Column({ name: 'excluded', type: 'integer' })
  excluded!: number;

  @Column({ name: 'failing', type: 'integer' })
  failing!: number;

  /** Epoch milliseconds. */
  @Column(bigintColumn({ name: 'counted_at' }))
  countedAt!: number;
}
