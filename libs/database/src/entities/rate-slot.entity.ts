import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** When the next call under a vendor limit may begin; shared by all processes of the deployment. */
@Entity('rate_slots')
export class RateSlotEntity {
  @PrimaryColumn({ name: 'slot_key', type: 'varchar', length: 128 })
  slotKey!: string;

  @Column(bigintColumn({ name: 'next_at' }))
  nextAt!: number;
}
