import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** A buried job with its reason, for the operator. */
@Entity('failures')
@Index('ix_failures_account', ['accountId', 'failedAt'])
@Index('ix_failures_failed_at', ['failedAt'])
@Index('ix_failures_job', ['jobId'])
export class FailureEntity {
  @PrimaryColumn({ name: 'failure_id', type: 'varchar', length: 32 })
  failureId!: string;

  @Column(bigintColumn({ name: 'account_id', nullable: true }))
  accountId!: number | null;

  @Column({ name: 'tube', type: 'varchar', length: 64 })
  tube!: string;

  /** The queue server of the job. */
  @Column({ name: 'server', type: 'varchar', length: 255, default: '' })
  server!: string;

  /** Unique on its server only. */
  @Column(bigintColumn({ name: 'job_id' }))
  jobId!: number;

  /** The body of the job. */
  @Column({ name: 'payload', type: 'text' })
  payload!: string;

  @Column({ name: 'code', type: 'varchar', length: 64 })
  code!: string;

  @Column({ name: 'reason', type: 'varchar', length: 1000 })
  reason!: string;

  /** Epoch milliseconds. */
  @Column(bigintColumn({ name: 'failed_at' }))
  failedAt!: number;
}
