import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** A range of contact ids of an account with the counts of its contacts by outcome. The ranges of an account cover all ids. */
@Entity('contact_parts')
@Index('ix_contact_parts_stale', ['isStale', 'accountId', 'afterId'])
export class ContactPartEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_contact_parts_account' })
  account?: Relation<AccountEntity>;

  /** The ids of the range are higher. */
  @PrimaryColumn(bigintColumn({ name: 'after_id' }))
  afterId!: number;

  /** The highest id of the range. */
  @Column(bigintColumn({ name: 'up_to_id' }))
  upToId!: number;

  @Column({ name: 'total', type: 'integer', default: 0 })
  total!: number;

  @Column({ name: 'in_sync', type: 'integer', default: 0 })
  inSync!: number;

  @Column({ name: 'waiting', type: 'integer', default: 0 })
  waiting!: number;

  @Column({ name: 'excluded', type: 'integer', default: 0 })
  excluded!: number;

  @Column({ name: 'failing', type: 'integer', default: 0 })
  failing!: number;

  /** Whether a contact of the range has changed since it was counted. */
  @Column({ name: 'is_stale', type: 'boolean', default: true })
  isStale!: boolean;
}
