import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { bigintColumn } from './columns.js';

/** An OAuth state that was used: makes the signed `state` single-use. */
@Entity('auth_states')
@Index('ix_auth_states_expires_at', ['expiresAt'])
export class AuthStateEntity {
  @PrimaryColumn({ name: 'nonce', type: 'varchar', length: 64 })
  nonce!: string;

  /** Epoch milliseconds. */
  @Column(bigintColumn({ name: 'expires_at' }))
  expiresAt!: number;
}
