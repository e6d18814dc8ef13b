import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** The vendor that sent the event. */
export type EventSource = 'kommo' | 'unisender';

/** `waiting` for a worker; `applied` to the mirror; `ignored` as known or old; `unreadable` or `refused` for the given reason. */
export type EventState = 'waiting' | 'applied' | 'ignored' | 'unreadable' | 'refused';

/** One change from a vendor's webhook. It is stored before the webhook is acknowledged. Times are epoch milliseconds. */
@Entity('events')
@Index('ux_events_dedup', ['accountId', 'dedupKey'], { unique: true })
@Index('ix_events_account_state', ['accountId', 'state', 'eventId'])
@Index('ix_events_state', ['state', 'receivedAt'])
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

  /** Equal for deliveries of the same change. */
  @Column({ name: 'dedup_key', type: 'varchar', length: 64 })
  dedupKey!: string;

  @Column({ name: 'state', type: 'varchar', length: 16 })
  state!: EventState;

  @Column({ name: 'reason', type: 'varchar', length: 255, nullable: true })
  reason!: string | null;

  /** How often the same change was delivered. */
  @Column({ name: 'deliveries', type: 'integer', default: 1 })
  deliveries!: number;

  @Column(bigintColumn({ name: 'received_at' }))
  receivedAt!: number;

  @Column(bigintColumn({ name: 'applied_at', nullable: true }))
  appliedAt!: number | null;
}
