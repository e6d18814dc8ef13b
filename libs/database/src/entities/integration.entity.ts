import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** An OAuth client that is registered in Kommo. Times are epoch milliseconds. */
@Entity('integrations')
export class IntegrationEntity {
  @PrimaryColumn({ name: 'client_id', type: 'varchar', length: 64 })
  clientId!: string;

  /** Sealed by the keyring. */
  @Column({ name: 'client_secret', type: 'text' })
  clientSecret!: string;

  @Column({ name: 'redirect_uri', type: 'varchar', length: 1024 })
  redirectUri!: string;

  @Column({ name: 'domain', type: 'varchar', length: 255, nullable: true })
  domain!: string | null;

  @Column(bigintColumn({ name: 'created_at' }))
  createdAt!: number;

  @Column(bigintColumn({ name: 'updated_at' }))
  updatedAt!: number;
}
