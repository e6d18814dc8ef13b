import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn, jsonColumn } from './columns.js';

/** The mirror of one Kommo contact: its last known content, or a tombstone of a deleted contact. */
@Entity('contacts')
@Index('ix_contacts_missing', ['accountId', 'missingRunId'], { where: 'missing_run_id IS NOT NULL' })
@Index('ix_contacts_deleted', ['accountId', 'isDeleted', 'updatedAt'], { where: 'is_deleted = 1' })
export class ContactEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @PrimaryColumn(bigintColumn({ name: 'contact_id' }))
  contactId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_contacts_account' })
  account?: Relation<AccountEntity>;

  @Column({ name: 'is_deleted', type: 'boolean', default: false })
  isDeleted!: boolean;

  /** Whether an existing contact passes the account's filter. */
  @Column({ name: 'passes_filter', type: 'boolean', default: true })
  passesFilter!: boolean;

  @Column({ name: 'name', type: 'text' })
  name!: string;

  /** Mapped fields by their Unisender name. */
  @Column(jsonColumn({ name: 'fields' }))
  fields!: Readonly<Record<string, string>>;

  /** The whole contact as Kommo sent it, independent of the settings; compact JSON. Null when it was not stored, and for a tombstone. */
  @Column({ name: 'snapshot', type: 'text', nullable: true })
  snapshot!: string | null;

  @Column({ name: 'snapshot_hash', type: 'varchar', length: 64, default: '' })
  snapshotHash!: string;

  /** The keys of its tags (`toTagsKey`), for filters in SQL. Null for a tombstone. */
  @Column({ name: 'tags', type: 'text', nullable: true })
  tags!: string | null;

  @Column(bigintColumn({ name: 'responsible_user_id', default: 0 }))
  responsibleUserId!: number;

  /** Kommo's modification time in epoch seconds; 0 when Kommo gave none. */
  @Column(bigintColumn({ name: 'modified_at_seconds', default: 0 }))
  modifiedAtSeconds!: number;

  @Column({ name: 'content_hash', type: 'varchar', length: 64, default: '' })
  contentHash!: string;

  /** The run whose complete read did not show this contact; null once the run has settled that. */
  @Column({ name: 'missing_run_id', type: 'varchar', length: 36, nullable: true })
  missingRunId!: string | null;

  /** Epoch milliseconds. */
  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;
}
