import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import {
  type AccessScope,
  type AccountSettings,
  type AccountStatus,
  type EmailKinds,
  type ErrorCode,
  readStoredSettings,
  toStoredSettings,
} from '#domain';
import { bigintColumn, jsonColumn } from './columns.js';
import { IntegrationEntity } from './integration.entity.js';

/** Whether an export has shown which addresses were in Unisender before us. */
export type BaselineState = 'none' | 'done';

/** The last known state of Kommo's webhook. `unavailable`: the plan has no webhooks. */
export type WebhookState = 'active' | 'missing' | 'disabled' | 'unavailable';

/** The last known state of Unisender's webhook. */
export type UnisenderWebhookState = 'active' | 'stopped' | 'missing';

/**
 * A Kommo account with its settings, its Unisender list, its pause and its lease. Times are epoch milliseconds. The lease
 * lets one worker at a time work on the account.
 */
@Entity('accounts')
@Index('ix_accounts_client_id', ['clientId'])
@Index('ix_accounts_status', ['status'])
@Index('ix_accounts_host', ['host'])
@Index('ix_accounts_unisender_account', ['unisenderAccountId'])
@Index('ix_accounts_unisender_doubt', ['unisenderDoubtId'])
@Index('ix_accounts_unisender_key', ['unisenderKeyHash'])
@Index('ix_accounts_unisender_login', ['unisenderLogin'])
@Index('ix_accounts_work_due', ['workDueAt'])
@Index('ix_accounts_gap', ['gapAt'])
@Index('ix_accounts_lease', ['leaseUntil'])
@Index('ix_accounts_uninstall', ['uninstallAskedAt'])
@Index('ix_accounts_polled', ['webhookState', 'polledAt'])
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

  /** Whether the account was installed from Kommo and the operator must approve it first. */
  @Column({ name: 'awaits_approval', type: 'boolean', default: false })
  awaitsApproval!: boolean;

  /** Which contacts the tokens show; null while Kommo did not confirm it. */
  @Column({ name: 'access_scope', type: 'varchar', length: 16, nullable: true })
  accessScope!: AccessScope | null;

  /** When an authorisation by a user with fewer rights was refused; null after a later authorisation. */
  @Column(bigintColumn({ name: 'authorization_refused_at', nullable: true }))
  authorizationRefusedAt!: number | null;

  /** Sealed by the keyring. */
  @Column({ name: 'unisender_key', type: 'text', nullable: true })
  unisenderKey!: string | null;

  /** Why Unisender refuses the key; null while Unisender accepts it. */
  @Column({ name: 'unisender_block', type: 'varchar', length: 64, nullable: true })
  unisenderBlock!: string | null;

  /** `hashKey` of the Unisender key: equal keys have equal hashes. */
  @Column({ name: 'unisender_key_hash', type: 'varchar', length: 16, nullable: true })
  unisenderKeyHash!: string | null;

  /**
   * The login that Unisender's webhooks name. Accounts with equal logins share a Unisender account. After a change of the key it is the
   * former one until the next webhook.
   */
  @Column({ name: 'unisender_login', type: 'varchar', length: 255, nullable: true })
  unisenderLogin!: string | null;

  /** Our id of the Unisender account. Accounts with equal ids share one. */
  @Column({ name: 'unisender_account_id', type: 'varchar', length: 36, nullable: true })
  unisenderAccountId!: string | null;

  /** Another `unisenderAccountId` that may be the same Unisender account. It counts as the same for removals only. */
  @Column({ name: 'unisender_doubt_id', type: 'varchar', length: 36, nullable: true })
  unisenderDoubtId!: string | null;

  /** Sealed key of the Unisender account that was used before, until its last export is read. */
  @Column({ name: 'former_unisender_key', type: 'text', nullable: true })
  formerUnisenderKey!: string | null;

  @Column(bigintColumn({ name: 'list_id', nullable: true }))
  listId!: number | null;

  /** The title that the list has in Unisender. It is only shown: the list is known by its id. */
  @Column({ name: 'list_title', type: 'varchar', length: 255, nullable: true })
  listTitle!: string | null;

  /** The setting that chose the list (`listSettingOf`). Only another setting moves addresses to another list. */
  @Column({ name: 'list_setting', type: 'varchar', length: 255, default: '' })
  listSetting!: string;

  /**
   * When the present list, or the key of another Unisender account, was chosen. Nothing is pushed before an export that was requested
   * later.
   */
  @Column(bigintColumn({ name: 'list_decided_at', default: 0 }))
  listDecidedAt!: number;

  /** Stored as JSON. */
  @Column({ name: 'settings', type: 'text', transformer: { to: toStoredSettings, from: readStoredSettings } })
  settings!: AccountSettings;

  /** `none` until one export is read. Nothing is pushed before. */
  @Column({ name: 'baseline_state', type: 'varchar', length: 16, default: 'none' })
  baselineState!: BaselineState;

  /** The export that is running in Unisender. */
  @Column({ name: 'export_task', type: 'varchar', length: 64, nullable: true })
  exportTask!: string | null;

  /** A time before the running export was requested. */
  @Column(bigintColumn({ name: 'export_asked_at', default: 0 }))
  exportAskedAt!: number;

  /** Exports that replaced one without a result, since the last complete one. */
  @Column({ name: 'export_replacements', type: 'integer', default: 0 })
  exportReplacements!: number;

  @Column(bigintColumn({ name: 'export_replaced_at', default: 0 }))
  exportReplacedAt!: number;

  /** Null until the service first subscribes the webhook. */
  @Column({ name: 'webhook_state', type: 'varchar', length: 16, nullable: true })
  webhookState!: WebhookState | null;

  /** Null until the service first subscribes Unisender's webhook. */
  @Column({ name: 'unisender_webhook_state', type: 'varchar', length: 16, nullable: true })
  unisenderWebhookState!: UnisenderWebhookState | null;

  /** Since when a webhook may be missing that a complete read must make up for; null without a gap. */
  @Column(bigintColumn({ name: 'gap_at', nullable: true }))
  gapAt!: number | null;

  @Column({ name: 'gap_cause', type: 'varchar', length: 64, nullable: true })
  gapCause!: string | null;

  /** Counts the gaps. A run that has read everything closes the gaps up to the number at its start. */
  @Column({ name: 'gap_number', type: 'integer', default: 0 })
  gapNumber!: number;

  /** When a gap last started a reconciliation. */
  @Column(bigintColumn({ name: 'gap_run_at', default: 0 }))
  gapRunAt!: number;

  /** Kommo's enum ids of the EMAIL field with their kinds. */
  @Column(jsonColumn({ name: 'email_kinds', nullable: true }))
  emailKinds!: EmailKinds | null;

  @Column(bigintColumn({ name: 'email_kinds_read_at', default: 0 }))
  emailKindsReadAt!: number;

  /** When Kommo was last polled for changes, because the account has no webhook. */
  @Column(bigintColumn({ name: 'polled_at', default: 0 }))
  polledAt!: number;

  /** Changes up to this modification time, epoch seconds, were polled. */
  @Column(bigintColumn({ name: 'polled_until_seconds', default: 0 }))
  polledUntilSeconds!: number;

  /** When the first address of the account must be verified or tried again; null when none must. */
  @Column(bigintColumn({ name: 'work_due_at', nullable: true }))
  workDueAt!: number | null;

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

  /** When Kommo's "access revoked" call arrived that is not decided yet; null without one. */
  @Column(bigintColumn({ name: 'uninstall_asked_at', nullable: true }))
  uninstallAskedAt!: number | null;

  @Column(bigintColumn({ name: 'disconnected_at', nullable: true }))
  disconnectedAt!: number | null;
}
