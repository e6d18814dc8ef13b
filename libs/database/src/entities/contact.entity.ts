import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** The mirror of one Kommo contact: its last known content, or a tombstone. */
@Entity('contacts')
@Index('ix_contacts_missing', ['accountId', 'missingRunId'])
export class ContactEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @PrimaryColumn(bigintColumn({ name: 'contact_id' }))
  contactId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_contacts_account' })
  account?: Relation<AccountEntity>;

  /** living or gone. */
  @Column({ name: 'state', type: 'varchar', length: 16 })
  state!: string;

  /** Whether the account's filter lets a living contact through. */
  @Column({ name: 'passes_filter', type: 'boolean', default: true })
  passesFilter!: boolean;

  @Column({ name: 'name', type: 'text' })
  name!: string;

  /** Mapped fields by their Unisender name, as JSON. */
  @Column({ name: 'fields', type: 'text' })
  fields!: string;

  /** Kommo's own modification time in seconds; 0 when it was never told. */
  @Column(bigintColumn({ name: 'modified_at_seconds', default: 0 }))
  modifiedAtSeconds!: number;

  @Column({ name: 'content_hash', type: 'varchar', length: 64, default: '' })
  contentHash!: string;

  /** The run whose complete read did not show this contact, until that is settled. */
  @Column({ name: 'missing_run_id', type: 'varchar', length: 36, nullable: true })
  missingRunId!: string | null;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;
}
