import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** What all processes did since the beginning, by what it was: the counters of the metrics. */
@Entity('work_totals')
export class WorkTotalEntity {
  @PrimaryColumn({ name: 'kind', type: 'varchar', length: 8 })
  kind!: 'call' | 'job';

  /** For a call vendor, method and code; for a job tube and outcome. Separated by `|`. */
  @PrimaryColumn({ name: 'labels', type: 'varchar', length: 160 })
  labels!: string;

  @Column(bigintColumn({ name: 'total', default: 0 }))
  total!: number;

  @Column(bigintColumn({ name: 'duration_ms', default: 0 }))
  durationMs!: number;
}
