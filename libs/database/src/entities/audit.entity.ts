import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** One action of an operator, and how it ended. Outlives the account it was done to. */
@Entity('audit')
@Index('ix_audit_account', ['accountId', 'auditId'])
@Index('ix_audit_at', ['at'])
export class AuditEntity {
  /** Sorts by time. */
  @PrimaryColumn({ name: 'audit_id', type: 'varchar', length: 32 })
  auditId!: string;

  @Column(bigintColumn({ name: 'at' }))
  at!: number;

  /** operator, cli or widget:<Kommo user id>. */
  @Column({ name: 'actor', type: 'varchar', length: 64 })
  actor!: string;

  @Column({ name: 'action', type: 'varchar', length: 64 })
  action!: string;

  @Column(bigintColumn({ name: 'account_id', nullable: true }))
  accountId!: number | null;

  /** `begun`, then `done` or the code of the failure. */
  @Column({ name: 'outcome', type: 'varchar', length: 64 })
  outcome!: string;

  /** JSON object of harmless values. */
  @Column({ name: 'details', type: 'text' })
  details!: string;
}
