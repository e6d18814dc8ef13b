import { type SealedColumn, type SealedValue, canaryColumn, sealedColumns } from '#database';
import { BugError, InvalidInputError } from '#domain';
import type { SyncContext } from '../context.js';
import { contextOf } from './sealed-place.js';

const CANARY = 'first';

/** Tells at start whether the encryption key is the one of this database. */
export class EncryptionKeyCheck {
  constructor(private readonly context: SyncContext) {}

  /**
   * Opens the canary, or one value of each kind in a database that has none yet, and leaves a canary there. Throws
   * InvalidInputError `wrong_encryption_key`, in one line that says what to do, when a value does not open.
   */
  async run(): Promise<void> {
    const hasCanary = await this.opensFirst(canaryColumn);
    if (hasCanary) return;
    for (const column of sealedColumns) await this.opensFirst(column);
    const { keyring, stores } = this.context;
    await stores.sealedValues.addCanary(CANARY, keyring.encrypt('canary', contextOf(canaryColumn, { key: CANARY })));
  }

  private async opensFirst(column: SealedColumn): Promise<boolean> {
    const [value] = await this.context.stores.sealedValues.listWithout(column, '-', { after: undefined, limit: 1 });
    if (value) this.assertOpens(column, value);
    return value !== undefined;
  }

  private assertOpens(column: SealedColumn, value: SealedValue): void {
    try {
      this.context.keyring.decrypt(value.sealed, contextOf(column, value));
    } catch (error) {
      if (!(error instanceof BugError)) throw error;
      throw wrongKey(value.sealed.split('.')[1] ?? '', this.context.keyring.currentKeyId, error);
    }
  }
}

const wrongKey = (needed: string, given: string, cause: Error) =>
  new InvalidInputError(
    `The database is sealed with encryption key ${needed}, and ENCRYPTION_KEY is ${given}: put key ${needed} back as ENCRYPTION_KEY ` +
      '(or as encryption.key under DATA_DIR), or add it to ENCRYPTION_KEYS_OLD until "rotate-key" is done',
    { code: 'wrong_encryption_key', cause },
  );
