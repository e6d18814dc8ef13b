import { Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import { AccountEntity } from './account.entity.js';
import { bigintColumn } from './columns.js';

/** The token pair of an account, sealed. One process at a time refreshes it. Times are epoch milliseconds. */
@Entity('accesses')
@Index('ix_accesses_expires_at', ['expiresAt'])
export class AccessEntity {
  @PrimaryColumn(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @OneToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_accesses_account' })
  account?: Relation<AccountEntity>;

  @Column({ name: 'access_token', type: 'text' })
  accessToken!: string;

  @Column({ name: 'refresh_token', type: 'text' })
  refreshToken!: string;

  /** When the access token expires. */
  @Column(bigintColumn({ name: 'expires_at' }))
  expiresAt!: number;

  @Column(bigintColumn({ name: 'refreshed_at' }))
  refreshedAt!: number;

  /** Grows with every stored pair. A process that read an older version reads again instead of refreshing. */
  @Column({ name: 'version', type: 'integer', default: 1 })
  version!: number;

  /** The process that may refresh the pair until `refreshUntil`. */
  @Column({ name: 'refresh_owner', type: 'varchar', length: 64, nullable: true })
  refreshOwner!: string | null;

  @Column(bigintColumn({ name: 'refresh_until', default: 0 }))
  refreshUntil!: number;
}
