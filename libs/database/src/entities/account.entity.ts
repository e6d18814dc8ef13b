import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { bigintColumn } from './columns.js';
import { IntegrationEntity } from './integration.entity.js';

/** A Kommo account and everything decided about it. One worker at a time works on it: the lease. */
@Entity('accounts')
@Index('ux_accounts_webhook_token_hash', ['webhookTokenHash'], { unique: true })
@Index('ix_accounts_client_id', ['clientId'])
@Index('ix_accounts_status', ['status'])
export class AccountEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @Column({ name: 'client_id', type: 'varchar', length: 64 })
  clientId!: string;

  @ManyToOne(() => IntegrationEntity, { onDelete: 'NO ACTION', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'client_id', foreignKeyConstraintName: 'fk_accounts_integration' })
  integration?: Relation<IntegrationEntity>;

  @Column({ name: 'name', type: 'varchar', length: 255, default: '' })
  name!: string;

  @Column({ name: 'subdomain', type: 'varchar', length: 255, default: '' })
  subdomain!: string;

  /** The account's own Kommo host, e.g. `sub.kommo.com`; empty until it was authorised. */
  @Column({ name: 'host', type: 'varchar', length: 255, default: '' })
  host!: string;

  @Column({ name: 'api_domain', type: 'varchar', length: 255, nullable: true })
  apiDomain!: string | null;

  /** pending_authorization, active, reauthorization_required, suspended, disconnected. */
  @Column({ name: 'status', type: 'varchar', length: 32 })
  status!: string;

  /** Sealed by the keyring. */
  @Column({ name: 'unisender_key', type: 'text', nullable: true })
  unisenderKey!: string | null;

  /** Why Unisender refuses the key, or null while it is accepted. */
  @Column({ name: 'unisender_block', type: 'varchar', length: 64, nullable: true })
  unisenderBlock!: string | null;

  @Column(bigintColumn({ name: 'list_id', nullable: true }))
  listId!: number | null;

  @Column({ name: 'list_title', type: 'varchar', length: 255, nullable: true })
  listTitle!: string | null;

  /** AccountSettings as JSON. */
  @Column({ name: 'settings', type: 'text' })
  settings!: string;

  /** `none` until one export told what stood in Unisender before us, then `done`. Nothing is sent before. */
  @Column({ name: 'baseline_state', type: 'varchar', length: 16, default: 'none' })
  baselineState!: string;

  /** Sealed by the keyring: it is part of the public webhook URLs. */
  @Column({ name: 'webhook_token', type: 'text' })
  webhookToken!: string;

  @Column({ name: 'webhook_token_hash', type: 'varchar', length: 64 })
  webhookTokenHash!: string;

  /** active, missing, disabled; null while no subscription was tried. */
  @Column({ name: 'webhook_state', type: 'varchar', length: 16, nullable: true })
  webhookState!: string | null;

  @Column({ name: 'lease_owner', type: 'varchar', length: 64, nullable: true })
  leaseOwner!: string | null;

  @Column(bigintColumn({ name: 'lease_until', default: 0 }))
  leaseUntil!: number;

  /** Grows with every change of holder; a writer that holds an older one is refused. */
  @Column(bigintColumn({ name: 'lease_fence', default: 0 }))
  leaseFence!: number;

  /** Somebody came while the account was held: its holder wakes a worker when it lets go. */
  @Column({ name: 'lease_wanted', type: 'boolean', default: false })
  leaseWanted!: boolean;

  /** No job touches the account before this time: 402, 403, 429 of a vendor. */
  @Column(bigintColumn({ name: 'paused_until', default: 0 }))
  pausedUntil!: number;

  @Column({ name: 'pause_code', type: 'varchar', length: 64, nullable: true })
  pauseCode!: string | null;

  @Column(bigintColumn({ name: 'last_event_at', nullable: true }))
  lastEventAt!: number | null;

  @Column(bigintColumn({ name: 'created_at' }))
  createdAt!: number;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;

  @Column(bigintColumn({ name: 'disconnected_at', nullable: true }))
  disconnectedAt!: number | null;
}
