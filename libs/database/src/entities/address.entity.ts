import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { AddressOrigin, AddressState, DirtyCause, MailingConsent, ParkStep, RemovalMark } from '#domain';
import { bigintColumn, EMAIL_LENGTH, jsonColumn } from './columns.js';
import { RefusalColumns } from './refusal-columns.js';

/** Whether the tag of an unsubscribe must still be sent to Kommo. */
export type WriteBackState = 'pending' | 'done';

/** The state of one e-mail address of an account in Unisender, as far as we know. Times are epoch milliseconds. */
@Entity('addresses')
@Index('ix_addresses_dirty', ['accountId', 'dirtySince'], { where: 'dirty_since IS NOT NULL' })
@Index('ix_addresses_write_back', ['accountId', 'writeBack', 'email'], { where: 'write_back IS NOT NULL' })
@Index('ix_addresses_due', ['accountId', 'dueAt'], { where: 'due_at IS NOT NULL' })
@Index('ix_addresses_removal', ['accountId', 'removal'], { where: 'removal IS NOT NULL' })
@Index('ix_addresses_parked', ['accountId', 'parkedAt'], { where: 'parked_at IS NOT NULL' })
export class AddressEntity extends RefusalColumns {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @PrimaryColumn({ name: 'email', type: 'varchar', length: EMAIL_LENGTH })
  email!: string;

  @Column({ name: 'origin', type: 'varchar', length: 16, default: 'unknown' })
  origin!: AddressOrigin;

  /** Whether the operator added it by hand. Only the operator's delete removes it. */
  @Column({ name: 'is_manual', type: 'boolean', default: false })
  isManual!: boolean;

  /** Whether our last settled call put it on our list. */
  @Column({ name: 'state', type: 'varchar', length: 16, default: 'absent' })
  state!: AddressState;

  /** Hash of the name and fields that were pushed last; null when they must be pushed again. */
  @Column({ name: 'pushed_hash', type: 'varchar', length: 64, nullable: true })
  pushedHash!: string | null;

  /** The Unisender fields in which we wrote a value. An empty value is pushed only for these. */
  @Column(jsonColumn({ name: 'written_fields', nullable: true }))
  writtenFields!: readonly string[] | null;

  /** The pushed hash for which Unisender shows other values although it accepted the push. It is not pushed again. */
  @Column({ name: 'difference_hash', type: 'varchar', length: 64, nullable: true })
  differenceHash!: string | null;

  /** When the first call that carried the address as new began. */
  @Column(bigintColumn({ name: 'first_sent_at', nullable: true }))
  firstSentAt!: number | null;

  /** The latest time at which a row of ours may have put the address on a list (`latestPutMs`). */
  @Column(bigintColumn({ name: 'last_sent_at', nullable: true }))
  lastSentAt!: number | null;

  /** A call without a response may take effect until then; after that the address is checked again. */
  @Column(bigintColumn({ name: 'verify_at', nullable: true }))
  verifyAt!: number | null;

  /** The list to which only we added the address. The address leaves it when the account changes its list. */
  @Column(bigintColumn({ name: 'own_list_id', nullable: true }))
  ownListId!: number | null;

  /** The lists of ours on which a call without a response may have put the address, or has put it. It leaves those that are former ones. */
  @Column(jsonColumn({ name: 'late_list_ids', nullable: true }))
  lateListIds!: readonly number[] | null;

  /** When an export or a look last showed the address on our list. */
  @Column(bigintColumn({ name: 'seen_at', nullable: true }))
  seenAt!: number | null;

  /** When Unisender was last asked about the address, by one call or by an export. */
  @Column(bigintColumn({ name: 'looked_at', nullable: true }))
  lookedAt!: number | null;

  /**
   * When Unisender got the address, by Unisender's clock, as the last call that asked about it showed. Null when no call showed it, and
   * when a call of ours may have created the address since.
   */
  @Column(bigintColumn({ name: 'added_at', nullable: true }))
  addedAt!: number | null;

  /**
   * As `addedAt`, as the last export showed it; null when that did not show it. The time zone of exports is not documented
   * (reference/unisender.md 5.8), so it may be hours off and is never compared with another look.
   */
  @Column(bigintColumn({ name: 'exported_added_at', nullable: true }))
  exportedAddedAt!: number | null;

  /** Whether that look showed it on lists that are not ours. */
  @Column({ name: 'is_on_other_lists', type: 'boolean', default: false })
  isOnOtherLists!: boolean;

  /** Derived from the refusals. Only `mailable` addresses are pushed. */
  @Column({ name: 'consent', type: 'varchar', length: 24, default: 'mailable' })
  consent!: MailingConsent;

  /** Null unless the owner has unsubscribed. */
  @Column({ name: 'write_back', type: 'varchar', length: 16, nullable: true })
  writeBack!: WriteBackState | null;

  /** The step that Unisender refuses for this address alone; null when the address is not parked. */
  @Column({ name: 'park_step', type: 'varchar', length: 16, nullable: true })
  parkStep!: ParkStep | null;

  /** Unisender's own code; not a code of the error registry. */
  @Column({ name: 'park_code', type: 'varchar', length: 64, nullable: true })
  parkCode!: string | null;

  /** Unisender's reason. */
  @Column({ name: 'park_cause', type: 'varchar', length: 255, nullable: true })
  parkCause!: string | null;

  /** How often Unisender refused it in succession. */
  @Column({ name: 'park_attempts', type: 'integer', default: 0 })
  parkAttempts!: number;

  @Column(bigintColumn({ name: 'parked_at', nullable: true }))
  parkedAt!: number | null;

  /** When a parked address is tried again; null when only a resync by an operator tries it again. */
  @Column(bigintColumn({ name: 'retry_at', nullable: true }))
  retryAt!: number | null;

  /** The earlier of `verifyAt` and `retryAt`. */
  @Column(bigintColumn({ name: 'due_at', nullable: true }))
  dueAt!: number | null;

  /** Since when Unisender may differ from the mirror; null when they agree. */
  @Column(bigintColumn({ name: 'dirty_since', nullable: true }))
  dirtySince!: number | null;

  /** What made it dirty. */
  @Column({ name: 'dirty_cause', type: 'varchar', length: 16, nullable: true })
  dirtyCause!: DirtyCause | null;

  /** A removal that the RemovalGate decides; null without one. */
  @Column({ name: 'removal', type: 'varchar', length: 16, nullable: true })
  removal!: RemovalMark | null;

  /** The run whose confirmation a held removal waits for, or whose deletion of contacts an approved one waits for. */
  @Column({ name: 'removal_run_id', type: 'varchar', length: 36, nullable: true })
  removalRunId!: string | null;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;
}
