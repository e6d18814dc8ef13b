import { Injectable } from '@nestjs/common';
import { AccountStore, AlertStore, Database } from '#database';
import { Logger, alerts } from '#domain';
import type { TokenPair } from '#kommo';
import { type Credentials, TokenVault } from './token-vault.js';

/** Stores the results of token refreshes: the new pair, or that Kommo refused the old one. */
@Injectable()
export class RefreshResults {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly alerts: AlertStore,
    private readonly vault: TokenVault,
    private readonly logger: Logger,
  ) {}

  /**
   * Stores the new pair. A process whose lock has expired may find the account flagged: Kommo refused the token that this pair
   * replaces to another process. Then the account becomes active again, unless it has another integration by now.
   */
  async storePair(current: Credentials, owner: string, pair: TokenPair): Promise<void> {
    const { clientId, session } = current;
    const { accountId } = session;
    await this.database.transaction(async () => {
      await this.accounts.lockRow(accountId);
      const isStored = await this.vault.replace(current, owner, pair);
      const account = await this.accounts.find(accountId);
      if (!isStored || account?.status !== 'reauthorization_required' || account.clientId !== clientId) return;
      await this.accounts.setStatus(accountId, 'active');
      this.logger.warn('account active again; its new tokens arrived after a refusal', { account_id: accountId });
    });
  }

  /**
   * Flags the account as `reauthorization_required` and raises the alert, because Kommo refused its tokens with `reason`. Does
   * nothing when another pair has been stored: the refusal is about an old token.
   */
  async storeRefusal({ session: { accountId }, version }: Credentials, reason: Error): Promise<void> {
    const isFlagged = await this.database.transaction(async () => {
      // Locks the account's row, which an installation writes first: none can commit between the check and the flag.
      await this.accounts.lockRow(accountId);
      if ((await this.vault.findVersion(accountId)) !== version) return false;
      await this.accounts.setStatus(accountId, 'reauthorization_required');
      await this.alerts.raise(alerts.reauthorizationRequired(accountId, version));
      return true;
    });
    if (!isFlagged) return;
    this.logger.error('Kommo refused the tokens; account must be authorised again', { account_id: accountId, error: reason });
  }
}
