import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A known word, sealed with the encryption key. A process that cannot open it has another key. */
@Entity('key_canaries')
export class KeyCanaryEntity {
  @PrimaryColumn({ name: 'name', type: 'varchar', length: 16 })
  name!: string;

  @Column({ name: 'sealed', type: 'text' })
  sealed!: string;
}
