import { Injectable } from '@nestjs/common';
import { AccountStore } from '#database';
import { hookBodyLimits, InvalidInputError, parseJsonBody } from '#domain';
import { Keyring } from '#secrets';
import { type UnisenderEvent, readUnisenderHook, verifyHookAuth } from '#unisender';
import { findUnisenderKey } from '../tokens/sealing.js';

/** Reads the bodies of Unisender's webhooks, which are signed with the account's key (reference/unisender.md 8.4). */
@Injectable()
export class SignedHookReader {
  constructor(
    private readonly accounts: AccountStore,
    private readonly keyring: Keyring,
  ) {}

  /** The events of a body, with the account's list. Throws InvalidInputError: `wrong_auth`, or a body that is not JSON. */
  async read(accountId: number, rawBody: Buffer): Promise<{ readonly listId: number | null; readonly events: UnisenderEvent[] }> {
    const account = await this.accounts.find(accountId);
    const key = account && findUnisenderKey(this.keyring, account);
    if (!key || !verifyHookAuth(rawBody, key.reveal())) {
      throw new InvalidInputError('auth does not match', {
        code: 'wrong_auth',
        fields: [{ field: 'auth', problem: 'does not match the body' }],
      });
    }
    return { listId: account.listId, events: readUnisenderHook(parseJsonBody(rawBody, hookBodyLimits)) };
  }
}
