import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** When the next call under a vendor's limit, or the next round of recurring work, may begin. All processes share it. */
@Entity('rate_slots')
export class RateSlotEntity {
  @PrimaryColumn({ name: 'slot_key', type: 'varchar', length: 128 })
  key!: string;

  /** Epoch milliseconds. */
  @Column(bigintColumn({ name: 'next_at' }))
  nextAt!: number;
}
