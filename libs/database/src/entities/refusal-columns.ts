import { Column } from 'typeorm';
import type { RefusalKind } from '#domain';
import { bigintColumn } from './columns.js';

/** The refusals of one address, by scope. Times are epoch milliseconds. */
export abstract class RefusalColumns {
  /** The refusal of the whole Unisender account; null without one. */
  @Column({ name: 'global_refusal', type: 'varchar', length: 16, nullable: true })
  globalRefusal!: RefusalKind | null;

  /** Null when the time is unknown. */
  @Column(bigintColumn({ name: 'global_refused_at', nullable: true }))
  globalRefusedAt!: number | null;

  @Column(bigintColumn({ name: 'global_learned_at', nullable: true }))
  globalLearnedAt!: number | null;

  /** Whether an event gave no scope, so that the refusal counts for both until Unisender is asked. */
  @Column({ name: 'global_unproven', type: 'boolean', default: false })
  globalUnproven!: boolean;

  /** The refusal of a list that is or was ours; null without one. */
  @Column({ name: 'list_refusal', type: 'varchar', length: 16, nullable: true })
  listRefusal!: RefusalKind | null;

  @Column(bigintColumn({ name: 'list_refused_at', nullable: true }))
  listRefusedAt!: number | null;

  @Column(bigintColumn({ name: 'list_learned_at', nullable: true }))
  listLearnedAt!: number | null;

  @Column({ name: 'list_unproven', type: 'boolean', default: false })
  listUnproven!: boolean;
}
