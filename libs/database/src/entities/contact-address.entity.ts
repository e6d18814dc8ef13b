import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { InvalidAddressReason } from '#domain';
import { bigintColumn, EMAIL_LENGTH } from './columns.js';

/** A contact holds an address. An address stays in Unisender while at least one existing contact holds it. */
@Entity('contact_addresses')
@Index('ix_contact_addresses_contact', ['accountId', 'contactId'])
export class ContactAddressEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @PrimaryColumn({ name: 'email', type: 'varchar', length: EMAIL_LENGTH })
  email!: string;

  @PrimaryColumn(bigintColumn({ name: 'contact_id' }))
  contactId!: number;

  /** Why the address is not pushed; null when it is valid and of a kind that the settings select. */
  @Column({ name: 'invalid_reason', type: 'varchar', length: 64, nullable: true })
  invalidReason!: InvalidAddressReason | null;

  /** The kind of the address, or `#` and the id of an enum whose kind is unknown. */
  @Column({ name: 'kind', type: 'varchar', length: 16, default: 'OTHER' })
  kind!: string;

  /** When Kommo got the tag of an unsubscribe for this contact. Epoch milliseconds. */
  @Column(bigintColumn({ name: 'tagged_at', nullable: true }))
  taggedAt!: number | null;

  /** Why Kommo refused the tag. */
  @Column({ name: 'tag_code', type: 'varchar', length: 64, nullable: true })
  tagCode!: string | null;

  /** When a refused tag is tried again. Epoch milliseconds. */
  @Column(bigintColumn({ name: 'tag_retry_at', nullable: true }))
  tagRetryAt!: number | null;
}
