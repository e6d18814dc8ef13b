import { Injectable } from '@nestjs/common';
import { type SealedColumn, type SealedValue, SealedValueStore, canaryColumn, sealedColumns } from '#database';
import { BugError, InvalidInputError } from '#domain';
import { Keyring } from '#secrets';
import { sealedValueContext } from '../tokens/sealing.js';

const CANARY = 'first';

/** Checks at the start whether the encryption key fits the database. */
@Injectable()
export class EncryptionKeyCheck {
  constructor(
    private readonly sealedValues: SealedValueStore,
    private readonly keyring: Keyring,
  ) {}

  /**
   * Decrypts the canary. A database without a canary: decrypts one value of each column and stores a canary. Throws InvalidInputError
   * `wrong_encryption_key`, with one line that says what to do.
   */
  async run(): Promise<void> {
    const hasCanary = await this.checkFirst(canaryColumn);
    if (hasCanary) return;
    for (const column of sealedColumns) await this.checkFirst(column);
    await this.sealedValues.addCanary(CANARY, this.keyring.encrypt('canary', sealedValueContext(canaryColumn, { key: CANARY })));
  }

  /** Decrypts the first value of a column. Returns false when it has none. */
  private async checkFirst(column: SealedColumn): Promise<boolean> {
    const [value] = await this.sealedValues.listWithout(column, '-', { after: undefined, limit: 1 });
    if (value) this.assertDecryptable(column, value);
    return value !== undefined;
  }

  private assertDecryptable(column: SealedColumn, value: SealedValue): void {
    try {
      this.keyring.decrypt(value.sealed, sealedValueContext(column, value));
    } catch (error) {
      if (!(error instanceof BugError)) throw error;
      throw wrongKey(value.sealed.split('.')[1] ?? '', this.keyring.currentKeyId, error);
    }
  }
}

const wrongKey = (needed: string, given: string, cause: Error) =>
  new InvalidInputError(
    `The database is encrypted with key ${needed}, but ENCRYPTION_KEY is key ${given}: set ENCRYPTION_KEY to key ${needed} again ` +
      '(or encryption.key under DATA_DIR), or add it to ENCRYPTION_KEYS_OLD until "rotate-key" is done',
    { code: 'wrong_encryption_key', cause },
  );
