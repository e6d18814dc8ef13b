import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** What is counted. */
export type ThroughputName = 'hooks' | 'pushes' | 'kommo_requests' | 'unisender_requests';

/** How much all processes did in ten seconds. */
@Entity('throughput')
@Index('ix_throughput_began', ['beganAt'])
export class ThroughputEntity {
  @PrimaryColumn({ name: 'counter', type: 'varchar', length: 32 })
  counter!: ThroughputName;

  /** The begin of the ten seconds, epoch milliseconds. */
  @PrimaryColumn(bigintColumn({ name: 'began_at' }))
  beganAt!: number;

  @Column({ name: 'total', type: 'integer', default: 0 })
  total!: number;
}
