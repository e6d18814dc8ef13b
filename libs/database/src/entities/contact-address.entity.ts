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

  /** Why the address cannot be pushed; null when it is valid. */
  @Column({ name: 'invalid_reason', type: 'varchar', length: 64, nullable: true })
  invalidReason!: InvalidAddressReason | null;
}
