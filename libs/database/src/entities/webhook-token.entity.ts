import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** The vendors that send webhooks. */
export type WebhookVendor = 'kommo' | 'unisender';

/** The secret token in the URL of a webhook. An account has one current token per vendor, and former ones until they are removed. */
@Entity('webhook_tokens')
@Index('ix_webhook_tokens_account', ['accountId', 'vendor'])
export class WebhookTokenEntity {
  @PrimaryColumn({ name: 'token_hash', type: 'varchar', length: 64 })
  tokenHash!: string;

  @Column(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_webhook_tokens_account' })
  account?: Relation<AccountEntity>;

  @Column({ name: 'vendor', type: 'varchar', length: 16 })
  vendor!: WebhookVendor;

  /** Sealed by the keyring. */
  @Column({ name: 'token', type: 'text' })
  token!: string;

  /** Until when a former token is valid, epoch milliseconds; null for the current one. */
  @Column(bigintColumn({ name: 'valid_until', nullable: true }))
  validUntil!: number | null;

  /** Whether the vendor may still have a webhook with this token. */
  @Column({ name: 'is_registered', type: 'boolean', default: true })
  isRegistered!: boolean;
}
