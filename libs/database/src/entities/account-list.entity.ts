import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** A Unisender list that is or was the list of an account. Times are epoch milliseconds. */
@Entity('account_lists')
@Index('ix_account_lists_list', ['listId'])
export class AccountListEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_account_lists_account' })
  account?: Relation<AccountEntity>;

  /** Our id of the Unisender account that has the list. */
  @PrimaryColumn({ name: 'unisender_account_id', type: 'varchar', length: 36 })
  unisenderAccountId!: string;

  @PrimaryColumn(bigintColumn({ name: 'list_id' }))
  listId!: number;

  /** Its last title that we saw. */
  @Column({ name: 'title', type: 'varchar', length: 255 })
  title!: string;

  @Column(bigintColumn({ name: 'since' }))
  since!: number;

  /** When the account got another list; null while it is the account's list. */
  @Column(bigintColumn({ name: 'until', nullable: true }))
  until!: number | null;
}
