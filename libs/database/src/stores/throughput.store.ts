import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Database } from '../database.js';
import { ThroughputEntity, type ThroughputName } from '../entities/throughput.entity.js';
import { WorkTotalEntity } from '../entities/work-total.entity.js';
import { selectRows, upsertRows } from '../entity-sql.js';

/** The length of one span. */
export const SPAN_MS = 10_000;
const KEPT_MS = 3_600_000;

/** Work of all processes by spans of ten seconds, for an hour. */
@Injectable()
export class ThroughputStore {
  constructor(private readonly database: Database) {}

  /** Adds to the counters of the span that begins at `beganAt`, and to the totals of all time. Deletes old spans. */
  async add(beganAt: number, totals: ReadonlyMap<ThroughputName, number>, work: readonly WorkTotalEntity[] = []): Promise<void> {
    const rows = [...totals].map(([counter, total]) => ({ counter, beganAt, total }));
    await upsertRows(this.database, {
      entity: ThroughputEntity,
      key: ['counter', 'beganAt'],
      update: { total: { sql: (incoming) => `throughput.total + ${incoming('total')}` } },
      rows,
    });
    await upsertRows(this.database, {
      entity: WorkTotalEntity,
      key: ['kind', 'labels'],
      update: {
        total: { sql: (incoming) => `work_totals.total + ${incoming('total')}` },
        durationMs: { sql: (incoming) => `work_totals.duration_ms + ${incoming('duration_ms')}` },
      },
      rows: work,
    });
    await this.database.run(({ manager }) => manager.delete(ThroughputEntity, { beganAt: LessThan(beganAt - KEPT_MS) }));
  }

  /** Lists the totals of all time: one for each kind of vendor call and of job, a few hundred. */
  async listWork(): Promise<WorkTotalEntity[]> {
    const fields = ['kind', 'labels', 'total', 'durationMs'] as const;
    return selectRows(this.database, { entity: WorkTotalEntity, fields, tail: 'ORDER BY kind, labels', params: [] });
  }

  /** Lists the spans that began at `sinceMs` or later, the oldest first. A span without work is missing. */
  async list(sinceMs: number): Promise<ThroughputEntity[]> {
    const fields = ['counter', 'beganAt', 'total'] as const;
    return selectRows(this.database, {
      entity: ThroughputEntity,
      fields,
      tail: 'WHERE began_at >= ? ORDER BY began_at',
      params: [sinceMs],
    });
  }
}
