import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A random key of this deployment, sealed by the keyring: a rotation of the encryption key does not change it. */
@Entity('sealed_keys')
export class SealedKeyEntity {
  @PrimaryColumn({ name: 'name', type: 'varchar', length: 16 })
  name!: string;

  @Column({ name: 'sealed', type: 'text' })
  sealed!: string;
}
