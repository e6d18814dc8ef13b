import { Injectable } from '@nestjs/common';
import { AccountStore } from '#database';
import { Logger } from '#domain';
import { KommoClient } from '#kommo';
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
    const subdomain = host.slice(0, host.indexOf('.'));
    await this.accounts.update(session.accountId, { host, subdomain });
    this.logger.info('account moved to another host', { account_id: session.accountId, host });
    return { ...current, session: { ...session, host } };
  }
}
