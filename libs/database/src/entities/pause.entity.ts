import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ErrorCode, PauseScope } from '#domain';
import { bigintColumn } from './columns.js';

/** Why and until when requests of one scope stop. An ended pause stays for a while: the next one may be longer. Epoch milliseconds. */
@Entity('pauses')
@Index('ix_pauses_ends_at', ['until'])
export class PauseEntity {
  @PrimaryColumn({ name: 'scope_kind', type: 'varchar', length: 16 })
  kind!: PauseScope['kind'];

  @PrimaryColumn({ name: 'scope_id', type: 'varchar', length: 255 })
  id!: string;

  @PrimaryColumn({ name: 'code', type: 'varchar', length: 64 })
  code!: ErrorCode;

  @Column(bigintColumn({ name: 'began_at' }))
  since!: number;

  @Column(bigintColumn({ name: 'ends_at' }))
  until!: number;

  /** How many pauses in a row this is the last of. */
  @Column({ name: 'repetitions', type: 'integer', default: 1 })
  repetitions!: number;

  /** What an operator wrote. */
  @Column({ name: 'reason', type: 'varchar', length: 255, nullable: true })
  reason!: string | null;
}
