import { Injectable } from '@nestjs/common';
import { AccountStore } from '#database';
import { hasErrorCode, Logger } from '#domain';
import { KommoClient, type KommoHost, type KommoSession } from '#kommo';
import type { Credentials } from './token-vault.js';

/** Finds and stores the new host of a renamed account (reference/kommo.md 1.7). */
@Injectable()
export class AccountHosts {
  constructor(
    private readonly kommo: KommoClient,
    private readonly accounts: AccountStore,
    private readonly logger: Logger,
  ) {}

  /** Asks Kommo for the host and stores a new one. Returns the credentials with it; undefined when the host has not changed. */
  async followMove(current: Credentials): Promise<Credentials | undefined> {
    const { apiDomain, refreshToken, session } = current;
    if (apiDomain === null) return undefined;
    const host = await this.kommo.findCurrentHost({ accountId: session.accountId, apiDomain, refreshToken });
    if (host === undefined || host === session.host) return undefined;
    return this.store(current, host);
  }

  /**
   * Stores the host of a redirect when this account responds there. Returns the credentials with it; undefined when another account
   * responds, or when the host refuses the token or redirects again.
   */
  async followRedirect(current: Credentials, host: KommoHost): Promise<Credentials | undefined> {
    if (await this.isHostOf({ ...current.session, host })) return this.store(current, host);
    this.logger.warn('redirect to a host without the account ignored', { account_id: current.session.accountId, host });
    return undefined;
  }

  private async isHostOf(session: KommoSession): Promise<boolean> {
    try {
      return (await this.kommo.getAccount(session)).accountId === session.accountId;
    } catch (error) {
      if (hasErrorCode(error, 'kommo_redirected', 'kommo_unauthorized', 'kommo_rejected')) return false;
      throw error;
    }
  }

  private async store(current: Credentials, host: KommoHost): Promise<Credentials> {
    const { accountId } = current.session;
    await this.accounts.update(accountId, { host, subdomain: host.slice(0, host.indexOf('.')) });
    this.logger.info('account moved to another host', { account_id: accountId, host });
    return { ...current, session: { ...current.session, host } };
  }
}
