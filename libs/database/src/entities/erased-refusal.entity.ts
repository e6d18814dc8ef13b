import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';
import { RefusalColumns } from './refusal-columns.js';

/** The refusals of an erased address under a keyed hash, so that the address is not mailed when it comes back. */
@Entity('erased_refusals')
export class ErasedRefusalEntity extends RefusalColumns {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_erased_refusals_account' })
  account?: Relation<AccountEntity>;

  /** HMAC-SHA-256 of the address, in hex. Its key is in `sealed_keys`. */
  @PrimaryColumn({ name: 'email_hash', type: 'varchar', length: 64 })
  emailHash!: string;

  @Column(bigintColumn({ name: 'last_sent_at', nullable: true }))
  lastSentAt!: number | null;

  @Column(bigintColumn({ name: 'erased_at' }))
  erasedAt!: number;
}
