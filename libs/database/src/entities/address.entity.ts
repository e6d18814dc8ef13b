import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { AddressOrigin, AddressState, MailingConsent } from '#domain';
import { bigintColumn, EMAIL_LENGTH } from './columns.js';

/** Whether Kommo must still be sent the tag of an unsubscribe. */
export type WriteBackState = 'pending' | 'done';

/** The state of one e-mail address of an account in Unisender, as far as we know. Times are epoch milliseconds. */
@Entity('addresses')
@Index('ix_addresses_dirty', ['accountId', 'dirtySince'])
@Index('ix_addresses_write_back', ['accountId', 'writeBack'])
export class AddressEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @PrimaryColumn({ name: 'email', type: 'varchar', length: EMAIL_LENGTH })
  email!: string;

  @Column({ name: 'origin', type: 'varchar', length: 16, default: 'unknown' })
  origin!: AddressOrigin;

  /** absent (we have not put it on our list), present (pushed), rejected (Unisender refused it). */
  @Column({ name: 'state', type: 'varchar', length: 16, default: 'absent' })
  state!: AddressState;

  /** Hash of the name and fields that were pushed last; null when they must be pushed again. */
  @Column({ name: 'pushed_hash', type: 'varchar', length: 64, nullable: true })
  pushedHash!: string | null;

  @Column({ name: 'consent', type: 'varchar', length: 24, default: 'mailable' })
  consent!: MailingConsent;

  @Column({ name: 'rejected_code', type: 'varchar', length: 64, nullable: true })
  rejectedCode!: string | null;

  /** Since when Unisender may differ from the mirror; null when they agree. */
  @Column(bigintColumn({ name: 'dirty_since', nullable: true }))
  dirtySince!: number | null;

  /** When the first call that carried the address as new began. */
  @Column(bigintColumn({ name: 'first_sent_at', nullable: true }))
  firstSentAt!: number | null;

  /** Null unless the owner has unsubscribed. */
  @Column({ name: 'write_back', type: 'varchar', length: 16, nullable: true })
  writeBack!: WriteBackState | null;

  /** The list to which only we added the address. The address leaves it when the account changes its list. */
  @Column(bigintColumn({ name: 'own_list_id', nullable: true }))
  ownListId!: number | null;

  /** When an export last showed the address on our list. */
  @Column(bigintColumn({ name: 'seen_at', nullable: true }))
  seenAt!: number | null;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;
}
