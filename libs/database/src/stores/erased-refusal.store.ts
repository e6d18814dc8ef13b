import { Injectable } from '@nestjs/common';
import { Clock, type Refusals } from '#domain';
import { Database } from '../database.js';
import { ErasedRefusalEntity } from '../entities/erased-refusal.entity.js';
import { SealedKeyEntity } from '../entities/sealed-key.entity.js';
import { executeIn, incoming, selectRows, selectRowsIn, upsertRows } from '../entity-sql.js';
import { refusalFields, toRefusalColumns, toRefusals } from './mailing-consent.store.js';

/** The refusals of an address that was erased. Times are epoch milliseconds. */
export interface ErasedRefusal {
  /** Keyed hash of the address, in hex. */
  readonly emailHash: string;
  readonly refusals: Refusals;
  readonly lastSentAt: number | null;
}

/** The refusals of erased addresses under a keyed hash, and the sealed key of the hash. */
// SQL by hand: addresses are looked up by hundreds.
@Injectable()
export class ErasedRefusalStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Whether the account has erased refusals. */
  async hasAny(accountId: number): Promise<boolean> {
    const selection = { entity: ErasedRefusalEntity, fields: ['emailHash'] as const, tail: 'WHERE account_id = ? LIMIT 1' };
    return (await selectRows(this.database, { ...selection, params: [accountId] })).length > 0;
  }

  /** Stores the refusals of an address that is erased. */
  async save(accountId: number, { emailHash, refusals, lastSentAt }: ErasedRefusal): Promise<void> {
    await upsertRows(this.database, {
      entity: ErasedRefusalEntity,
      key: ['accountId', 'emailHash'],
      update: incoming(...refusalFields, 'lastSentAt', 'erasedAt'),
      rows: [{ accountId, emailHash, ...toRefusalColumns(refusals), lastSentAt, erasedAt: this.clock.nowMs() }],
    });
  }

  /** Finds erased refusals by their hashes. */
  async find(accountId: number, hashes: readonly string[]): Promise<ErasedRefusal[]> {
    const fields = ['emailHash', 'lastSentAt', ...refusalFields] as const;
    const selection = { entity: ErasedRefusalEntity, fields, tail: 'WHERE account_id = ? AND email_hash IN (?)', params: [accountId] };
    const rows = await selectRowsIn(this.database, selection, hashes);
    return rows.map((row) => ({ emailHash: row.emailHash, refusals: toRefusals(row), lastSentAt: row.lastSentAt }));
  }

  /** Deletes erased refusals that are known under their address again. */
  async delete(accountId: number, hashes: readonly string[]): Promise<void> {
    await executeIn(this.database, 'DELETE FROM erased_refusals WHERE account_id = ? AND email_hash IN (?)', [accountId], hashes);
  }

  /** Returns the sealed key of this name, or undefined. */
  async findKey(name: string): Promise<string | undefined> {
    const selection = { entity: SealedKeyEntity, fields: ['sealed'] as const, tail: 'WHERE name = ?', params: [name] };
    return (await selectRows(this.database, selection))[0]?.sealed;
  }

  /** Stores a sealed key. Without effect when one of this name exists. */
  async addKey(name: string, sealed: string): Promise<void> {
    await upsertRows(this.database, { entity: SealedKeyEntity, key: ['name'], update: {}, rows: [{ name, sealed }] });
  }
}
