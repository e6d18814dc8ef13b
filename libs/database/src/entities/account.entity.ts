import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { type AccountSettings, type AccountStatus, type ErrorCode, readStoredSettings, toStoredSettings } from '#domain';
import { bigintColumn } from './columns.js';
import { IntegrationEntity } from './integration.entity.js';

/** Whether an export has shown which addresses were in Unisender before us. */
export type BaselineState = 'none' | 'done';

/** The last known state of Kommo's webhook. */
export type WebhookState = 'active' | 'missing' | 'disabled';

/**
 * A Kommo account with its settings, its Unisender list, its pause and its lease. Times are epoch milliseconds. The lease
 * lets one worker at a time work on the account.
 */
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

  /** The account's Kommo host, e.g. `sub.kommo.com`; empty until the account is authorised. */
  @Column({ name: 'host', type: 'varchar', length: 255, default: '' })
  host!: string;

  @Column({ name: 'api_domain', type: 'varchar', length: 255, nullable: true })
  apiDomain!: string | null;

  @Column({ name: 'status', type: 'varchar', length: 32 })
  status!: AccountStatus;

  /** Sealed by the keyring. */
  @Column({ name: 'unisender_key', type: 'text', nullable: true })
  unisenderKey!: string | null;

  /** Why Unisender refuses the key; null while Unisender accepts it. */
  @Column({ name: 'unisender_block', type: 'varchar', length: 64, nullable: true })
  unisenderBlock!: string | null;

  @Column(bigintColumn({ name: 'list_id', nullable: true }))
  listId!: number | null;

  @Column({ name: 'list_title', type: 'varchar', length: 255, nullable: true })
  listTitle!: string | null;

  /** Stored as JSON. */
  @Column({ name: 'settings', type: 'text', transformer: { to: toStoredSettings, from: readStoredSettings } })
  settings!: AccountSettings;

  /** `none` until one export is read. Nothing is pushed before. */
  @Column({ name: 'baseline_state', type: 'varchar', length: 16, default: 'none' })
  baselineState!: BaselineState;

  /** Sealed by the keyring: it is part of the public webhook URLs. */
  @Column({ name: 'webhook_token', type: 'text' })
  webhookToken!: string;

  @Column({ name: 'webhook_token_hash', type: 'varchar', length: 64 })
  webhookTokenHash!: string;

  /** Null until the service first subscribes the webhook. */
  @Column({ name: 'webhook_state', type: 'varchar', length: 16, nullable: true })
  webhookState!: WebhookState | null;

  @Column({ name: 'lease_owner', type: 'varchar', length: 64, nullable: true })
  leaseOwner!: string | null;

  @Column(bigintColumn({ name: 'lease_until', default: 0 }))
  leaseUntil!: number;

  /** A fencing token: grows with every change of holder. A write under an older fence is refused. */
  @Column(bigintColumn({ name: 'lease_fence', default: 0 }))
  leaseFence!: number;

  /** Whether the holder must enqueue a job when it releases the lease: another worker tried to take it. */
  @Column({ name: 'lease_job_requested', type: 'boolean', default: false })
  leaseJobRequested!: boolean;

  /** No job works on the account before this time. */
  @Column(bigintColumn({ name: 'paused_until', default: 0 }))
  pausedUntil!: number;

  @Column({ name: 'pause_code', type: 'varchar', length: 64, nullable: true })
  pauseCode!: ErrorCode | null;

  @Column(bigintColumn({ name: 'last_event_at', nullable: true }))
  lastEventAt!: number | null;

  @Column(bigintColumn({ name: 'created_at' }))
  createdAt!: number;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;

  @Column(bigintColumn({ name: 'disconnected_at', nullable: true }))
  disconnectedAt!: number | null;
}
