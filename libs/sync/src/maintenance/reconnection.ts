import { Injectable } from '@nestjs/common';
import { AccountStore } from '#database';
import { AccountBlockedError, Logger } from '#domain';
import { KommoClient, KommoUnauthorizedError } from '#kommo';
import { RunActiveError, RunService } from '../runs/run-service.js';
import { TokenVault } from '../tokens/token-vault.js';

/** Connects accounts again whose access Kommo still accepts. */
@Injectable()
export class Reconnection {
  constructor(
    private readonly vault: TokenVault,
    private readonly kommo: KommoClient,
    private readonly accounts: AccountStore,
    private readonly runs: RunService,
    private readonly logger: Logger,
  ) {}

  /**
   * Asks Kommo whether it still accepts the access of a disconnected account. If it does, sets the account to `active`, starts a
   * reconciliation and returns true: the "access revoked" call was an old one, which has the same signature. If not, deletes the tokens.
   */
  async reconnectIfAccepted(accountId: number): Promise<boolean> {
    if (!(await this.checkAccess(accountId))) return false;
    this.logger.warn('account connected again; Kommo still accepts its access', { account_id: accountId });
    await this.accounts.setStatus(accountId, 'active');
    await this.reconcile(accountId);
    return true;
  }

  /** Only a token that has not expired can show it. The version is read first: the tokens of an authorisation that comes later stay. */
  private async checkAccess(accountId: number): Promise<boolean> {
    const version = await this.vault.findVersion(accountId);
    const session = await this.vault.findStoredSession(accountId);
    if (version === undefined || !session) return false;
    try {
      await this.kommo.getAccount(session);
      return true;
    } catch (error) {
      if (!(error instanceof KommoUnauthorizedError)) throw error;
      await this.vault.delete(accountId, version);
      return false;
    }
  }

  private async reconcile(accountId: number): Promise<void> {
    try {
      await this.runs.start({ accountId, mode: 'reconcile', trigger: 'watchdog' });
    } catch (error) {
      if (!(error instanceof RunActiveError || error instanceof AccountBlockedError)) throw error;
    }
  }
}
