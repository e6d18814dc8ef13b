import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn, EMAIL_LENGTH } from './columns.js';

/** What Unisender was told, and told us, about one address of an account (the predecessors' `emails`). */
@Entity('addresses')
@Index('ix_addresses_dirty', ['accountId', 'dirtySince'])
@Index('ix_addresses_write_back', ['accountId', 'writeBack'])
export class AddressEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @PrimaryColumn({ name: 'email', type: 'varchar', length: EMAIL_LENGTH })
  email!: string;

  /** unknown until it was sent once; then ours (we put it there) or preexisting (it stood there before us). */
  @Column({ name: 'origin', type: 'varchar', length: 16, default: 'unknown' })
  origin!: string;

  /** absent (not on our list by us), present (told), rejected (Unisender refused it). */
  @Column({ name: 'state', type: 'varchar', length: 16, default: 'absent' })
  state!: string;

  /** Hash of the name and fields last told while present. */
  @Column({ name: 'pushed_hash', type: 'varchar', length: 64, nullable: true })
  pushedHash!: string | null;

  /** mailable, or unsubscribed / blocked as the owner or Unisender decided. */
  @Column({ name: 'consent', type: 'varchar', length: 24, default: 'mailable' })
  consent!: string;

  @Column({ name: 'rejected_code', type: 'varchar', length: 64, nullable: true })
  rejectedCode!: string | null;

  /** Since when what we told may differ from what the mirror says; null when they agree. */
  @Column(bigintColumn({ name: 'dirty_since', nullable: true }))
  dirtySince!: number | null;

  /** When the first call that carried the address as new was begun. */
  @Column(bigintColumn({ name: 'first_sent_at', nullable: true }))
  firstSentAt!: number | null;

  /** pending while Kommo must still be told of an unsubscribe, then done. */
  @Column({ name: 'write_back', type: 'varchar', length: 16, nullable: true })
  writeBack!: string | null;

  /** The list on which nobody but us has put the address: it leaves that one when the account's list becomes another. */
  @Column(bigintColumn({ name: 'own_list_id', nullable: true }))
  ownListId!: number | null;

  /** When an export last showed the address on our list. */
  @Column(bigintColumn({ name: 'seen_at', nullable: true }))
  seenAt!: number | null;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;
}
