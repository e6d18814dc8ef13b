import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** The vendor that sent the event. */
export type EventSource = 'kommo' | 'unisender';

/** `waiting` for a worker; `applied` to the mirror; `ignored` as known or old; `unreadable` or `refused` for the given reason. */
export type EventState = 'waiting' | 'applied' | 'ignored' | 'unreadable' | 'refused';

/**
 * One change from a vendor's webhook, or all changes of one contact that wait together. It is stored before the webhook is
 * acknowledged. Times are epoch milliseconds.
 */
@Entity('events')
@Index('ux_events_dedup', ['accountId', 'dedupKey'], { unique: true })
@Index('ix_events_account_state', ['accountId', 'state', 'dueAt', 'eventId'])
@Index('ix_events_state', ['state', 'receivedAt'])
@Index('ix_events_contact', ['accountId', 'contactId', 'eventId'])
export class EventEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  /** Sorts by arrival within one receiving process. */
  @PrimaryColumn({ name: 'event_id', type: 'varchar', length: 32 })
  eventId!: string;

  @Column({ name: 'source', type: 'varchar', length: 16 })
  source!: EventSource;

  @Column({ name: 'action', type: 'varchar', length: 32 })
  action!: string;

  @Column(bigintColumn({ name: 'contact_id', nullable: true }))
  contactId!: number | null;

  /** The parsed change as JSON text; null when there is nothing to apply. */
  @Column({ name: 'payload', type: 'text', nullable: true })
  payload!: string | null;

  /** A delivery with the key of a stored event becomes a part of that event. A settled change of a contact gives its key up. */
  @Column({ name: 'dedup_key', type: 'varchar', length: 64 })
  dedupKey!: string;

  /** Equal for deliveries of the same change. */
  @Column({ name: 'change_hash', type: 'varchar', length: 64, default: '' })
  changeHash!: string;

  /** Kommo's modification time of the payload in epoch seconds; 0 when there is none. */
  @Column(bigintColumn({ name: 'modified_at_seconds', default: 0 }))
  modifiedAtSeconds!: number;

  /** Whether changes wait together whose order is unknown. */
  @Column({ name: 'is_unordered', type: 'boolean', default: false })
  isUnordered!: boolean;

  /** How often Kommo was asked about the contact because of this event. */
  @Column({ name: 'attempts', type: 'integer', default: 0 })
  attempts!: number;

  /** A waiting event is not applied before this time; 0 at first. */
  @Column(bigintColumn({ name: 'due_at', default: 0 }))
  dueAt!: number;

  @Column({ name: 'state', type: 'varchar', length: 16 })
  state!: EventState;

  @Column({ name: 'reason', type: 'varchar', length: 255, nullable: true })
  reason!: string | null;

  /** How often it was delivered. */
  @Column({ name: 'deliveries', type: 'integer', default: 1 })
  deliveries!: number;

  @Column(bigintColumn({ name: 'received_at' }))
  receivedAt!: number;

  @Column(bigintColumn({ name: 'applied_at', nullable: true }))
  appliedAt!: number | null;
}
