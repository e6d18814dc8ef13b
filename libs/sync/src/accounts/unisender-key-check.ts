import { Injectable } from '@nestjs/common';
import type { AccountEntity } from '#database';
import { AccountBlockedError, type Secret } from '#domain';
import { Keyring } from '#secrets';
import { UnisenderClient, UnisenderKeyRefusedError, UnisenderMethodDeniedError, type UnisenderList } from '#unisender';
import { findUnisenderKey } from '../tokens/sealing.js';

/** Printable characters. Unisender decides about the rest. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Asks Unisender whether it accepts a key. */
@Injectable()
export class UnisenderKeyCheck {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly keyring: Keyring,
  ) {}

  /** Asks about the stored key of an account, also one that was refused. Throws as {@link readLists}. */
  async checkStored(account: AccountEntity): Promise<void> {
    const key = findUnisenderKey(this.keyring, account);
    if (key) await this.readLists(key);
  }

  /**
   * Returns the lists of the key's Unisender account. Throws AccountBlockedError `unisender_key_refused` for a key that Unisender
   * refuses, or that cannot be one, and TransientError while Unisender is unavailable.
   */
  async readLists(key: Secret): Promise<UnisenderList[]> {
    if (!KEY.test(key.reveal())) throw keyRefused('must be an API key of Unisender');
    try {
      return await this.unisender.getLists(key);
    } catch (error) {
      if (error instanceof UnisenderKeyRefusedError) throw keyRefused('is refused by Unisender', error);
      if (error instanceof UnisenderMethodDeniedError) throw keyRefused('has no access to the API: allow it in Unisender', error);
      throw error;
    }
  }
}

const keyRefused = (problem: string, cause?: unknown): AccountBlockedError =>
  new AccountBlockedError(`unisender_key ${problem}`, {
    code: 'unisender_key_refused',
    fields: [{ field: 'unisender_key', problem }],
    cause,
  });
