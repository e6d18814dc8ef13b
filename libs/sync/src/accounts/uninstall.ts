import { Injectable } from '@nestjs/common';
import { AccountStore, Database, LeaseStore, RunStore } from '#database';
import { InvalidInputError, Logger } from '#domain';
import { verifyUninstallSignature } from '#kommo';
import { OAuthClients } from '../tokens/oauth-clients.js';
import { VendorWebhooks } from './vendor-webhooks.js';

/** Kommo's "access revoked" call (reference/kommo.md 3). */
export interface UninstallHook {
  readonly clientId: string;
  readonly accountId: number;
  readonly signature: string;
}

const refused = () => new InvalidInputError('The signature does not match this account and integration', { code: 'uninstall_refused' });

/** Stops all work on accounts. */
@Injectable()
export class AccountDisconnection {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly leases: LeaseStore,
    private readonly runs: RunStore,
  ) {}

  /** Sets the account to `disconnected`, ends the lease of its worker and cancels its run. Deletes nothing. Safe to repeat. */
  async disconnect(accountId: number): Promise<void> {
    await this.database.transaction(async () => {
      await this.accounts.setStatus(accountId, 'disconnected');
      await this.leases.revoke(accountId);
    });
    const run = await this.runs.findActive(accountId);
    if (run) await this.runs.transition(run.runId, 'cancelled');
  }
}

/** Disconnects accounts whose administrator switched the integration off in Kommo. */
@Injectable()
export class Uninstall {
  constructor(
    private readonly accounts: AccountStore,
    private readonly clients: OAuthClients,
    private readonly disconnection: AccountDisconnection,
    private readonly webhooks: VendorWebhooks,
    private readonly logger: Logger,
  ) {}

  /**
   * Disconnects the account at once. Deletes nothing yet: a new authorisation restores the account. Safe to repeat. Throws
   * InvalidInputError `uninstall_refused` for a wrong signature, and also for an unknown account or integration: the error must not
   * show which accounts exist.
   */
  async receive(hook: UninstallHook): Promise<void> {
    await this.verify(hook);
    await this.disconnection.disconnect(hook.accountId);
    this.logger.warn('account disconnected; Kommo reported that the integration is off', { account_id: hook.accountId });
  }

  /** Deletes the webhooks of a disconnected account at both vendors. The schedule `uninstall` tries again what fails now. */
  async removeWebhooks(accountId: number): Promise<void> {
    await this.webhooks.remove(accountId);
  }

  private async verify({ clientId, accountId, signature }: UninstallHook): Promise<void> {
    const account = await this.accounts.find(accountId);
    if (account?.clientId !== clientId) throw refused();
    const { clientSecret } = await this.clients.get(clientId);
    if (!verifyUninstallSignature({ clientId, accountId, signature, clientSecret })) throw refused();
  }
}
