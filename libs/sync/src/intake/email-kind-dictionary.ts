import { Injectable } from '@nestjs/common';
import { AccountStore } from '#database';
import { Clock, addressKinds } from '#domain';
import { KommoClient } from '#kommo';
import type { AccountWork } from '../push/account-work.js';
import { TokenService } from '../tokens/token-service.js';

/** Kommo is asked again for the kinds after this time, when an address of an unknown kind comes in. */
const REFRESH_MS = 3_600_000;

/** Whether the account's settings leave out addresses by kind, and its stored kinds may be read again. */
export const mayRefreshKinds = ({ settings, account }: AccountWork, nowMs: number): boolean =>
  settings.addressKinds.length < addressKinds.length && nowMs - account.emailKindsReadAt >= REFRESH_MS;

/** Stores which enum of an account's field EMAIL is which kind: a webhook has the id of the enum alone. */
@Injectable()
export class EmailKindDictionary {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
    private readonly accounts: AccountStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Reads the kinds from Kommo when the settings need them, once an hour at most. Returns true when they were read: the work must then
   * begin again with the account as it is stored. Throws TransientError and AccountBlockedError.
   */
  async refreshIfNeeded(work: AccountWork): Promise<boolean> {
    const { accountId } = work.lease;
    if (!mayRefreshKinds(work, this.clock.nowMs())) return false;
    const emailKinds = await this.tokens.withSession(accountId, (session) => this.kommo.readEmailKinds(session));
    await work.lease.write(() => this.accounts.update(accountId, { emailKinds, emailKindsReadAt: this.clock.nowMs() }));
    return true;
  }
}
