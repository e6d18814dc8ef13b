import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn, jsonColumn } from './columns.js';

/** One action of an operator, a widget user or a command, and its outcome. It outlives its account. */
@Entity('audit')
@Index('ix_audit_account', ['accountId', 'auditId'])
@Index('ix_audit_at', ['at'])
export class AuditEntity {
  /** Sorts by time. */
  @PrimaryColumn({ name: 'audit_id', type: 'varchar', length: 32 })
  auditId!: string;

  /** Epoch milliseconds. */
  @Column(bigintColumn({ name: 'at' }))
  at!: number;

  /** `operator`, `cli` or `widget:<Kommo user id>`. */
  @Column({ name: 'actor', type: 'varchar', length: 64 })
  actor!: string;

  /** `noun.verb`, e.g. `run.start`. */
  @Column({ name: 'action', type: 'varchar', length: 64 })
  action!: string;

  @Column(bigintColumn({ name: 'account_id', nullable: true }))
  accountId!: number | null;

  /** `begun`, then `done` or the code of the failure. */
  @Column({ name: 'outcome', type: 'varchar', length: 64 })
  outcome!: string;

  /** Nothing secret and no personal data. */
  @Column(jsonColumn({ name: 'details' }))
  details!: Readonly<Record<string, string | number | boolean>>;
}
