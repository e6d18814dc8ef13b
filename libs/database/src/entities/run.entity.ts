import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import type { Relation } from 'typeorm';
import type { RunMode, RunPhase, RunState, RunTrigger } from '#domain';
import { AccountEntity } from './account.entity.js';
import { bigintColumn, jsonColumn } from './columns.js';

/** An import, reconciliation or preview with its checkpoint and counters. Times are epoch milliseconds. */
@Entity('runs')
@Index('ux_runs_active_account', ['activeAccountId'], { unique: true })
@Index('ix_runs_account', ['accountId', 'createdAt'])
@Index('ix_runs_state', ['state', 'heartbeatAt'])
export class RunEntity {
  @PrimaryColumn({ name: 'run_id', type: 'varchar', length: 36 })
  runId!: string;

  @Column(bigintColumn({ name: 'account_id' }))
  accountId!: number;

  @ManyToOne(() => AccountEntity, { onDelete: 'CASCADE', onUpdate: 'NO ACTION' })
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'fk_runs_account' })
  account?: Relation<AccountEntity>;

  /** The account while the run is queued or works, else null. It is unique: an account has one active run. */
  @Column(bigintColumn({ name: 'active_account_id', nullable: true }))
  activeAccountId!: number | null;

  @Column({ name: 'mode', type: 'varchar', length: 16 })
  mode!: RunMode;

  @Column({ name: 'trigger', type: 'varchar', length: 16 })
  trigger!: RunTrigger;

  @Column({ name: 'state', type: 'varchar', length: 32 })
  state!: RunState;

  /** The next phase of the run. */
  @Column({ name: 'phase', type: 'varchar', length: 16, default: 'prepare' })
  phase!: RunPhase;

  /** The last page whose rows are in the mirror. */
  @Column({ name: 'page', type: 'integer', default: 0 })
  page!: number;

  /** The highest contact id on that page. */
  @Column(bigintColumn({ name: 'cursor_contact_id', default: 0 }))
  cursorContactId!: number;

  /** How many complete reads have begun. A second one is needed when contacts were deleted: rows then shift between pages. */
  @Column({ name: 'pass', type: 'integer', default: 1 })
  pass!: number;

  /** The id of the running Unisender export. */
  @Column({ name: 'export_task', type: 'varchar', length: 64, nullable: true })
  exportTask!: string | null;

  /** Contacts read. The counters below count addresses. */
  @Column({ name: 'read_count', type: 'integer', default: 0 })
  read!: number;

  @Column({ name: 'created_count', type: 'integer', default: 0 })
  created!: number;

  @Column({ name: 'updated_count', type: 'integer', default: 0 })
  updated!: number;

  @Column({ name: 'deleted_count', type: 'integer', default: 0 })
  deleted!: number;

  @Column({ name: 'rejected_count', type: 'integer', default: 0 })
  rejected!: number;

  @Column({ name: 'unchanged_count', type: 'integer', default: 0 })
  unchanged!: number;

  @Column({ name: 'total_estimate', type: 'integer', nullable: true })
  totalEstimate!: number | null;

  @Column({ name: 'confirmed', type: 'boolean', default: false })
  confirmed!: boolean;

  /** How many removals wait for the confirmation of this run; null when none do. */
  @Column({ name: 'planned_removals', type: 'integer', nullable: true })
  plannedRemovals!: number | null;

  /** Some of those addresses. */
  @Column(jsonColumn({ name: 'samples', nullable: true }))
  samples!: readonly string[] | null;

  /** The account's number of gaps when the read began; null before. */
  @Column({ name: 'gap_number', type: 'integer', nullable: true })
  gapNumber!: number | null;

  @Column({ name: 'error', type: 'varchar', length: 1000, nullable: true })
  error!: string | null;

  /** When a worker last looked at the run. */
  @Column(bigintColumn({ name: 'heartbeat_at' }))
  heartbeatAt!: number;

  @Column(bigintColumn({ name: 'created_at' }))
  createdAt!: number;

  @Column(bigintColumn({ name: 'started_at', nullable: true }))
  startedAt!: number | null;

  @Column(bigintColumn({ name: 'finished_at', nullable: true }))
  finishedAt!: number | null;
}
