import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, AlertStore, Database, LeaseStore } from '#database';
import { alerts, Clock, decideUninstall, hasErrorCode, InvalidInputError } from '#domain';
import { verifyUninstallSignature } from '#kommo';
import { AuditLog } from '../maintenance/audit-log.js';
import { RunTransitions } from '../runs/run-transitions.js';
import { OAuthClients } from '../tokens/oauth-clients.js';
import { AccessCheck } from './access-check.js';
import { accountChanged } from './lost-race.js';
import { VendorWebhooks } from './vendor-webhooks.js';

/** Kommo's "access revoked" call (reference/kommo.md 3). */
export interface UninstallHook {
  readonly clientId: string;
  readonly accountId: number;
  readonly signature: string;
}

const ACCOUNTS_AT_ONCE = 100;

const refused = () => new InvalidInputError('The signature does not match this account and integration', { code: 'uninstall_refused' });

/** Ends "access revoked" calls that wait. All methods throw TransientError `account_changed` when a new authorisation has ended the call before. */
@Injectable()
export class AccountDisconnection {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly leases: LeaseStore,
    private readonly alerts: AlertStore,
    private readonly transitions: RunTransitions,
  ) {}

  /** Sets the account to `disconnected`, ends the lease of its worker, cancels its run and raises an alert. Deletes nothing. */
  async disconnect(accountId: number, askedAt: number): Promise<void> {
    await this.endCall(accountId, askedAt, async () => {
      await this.accounts.setStatus(accountId, 'disconnected');
      await this.leases.revoke(accountId);
      await this.alerts.raise(alerts.uninstalled(accountId, await this.database.nowMs()));
      await this.transitions.cancelActive(accountId);
    });
  }

  /** Forgets the call. */
  async ignore(accountId: number, askedAt: number): Promise<void> {
    await this.endCall(accountId, askedAt, async () => {});
  }

  private async endCall(accountId: number, askedAt: number, work: () => Promise<void>): Promise<void> {
    await this.database.transaction(async () => {
      const account = await this.accounts.findLocked(accountId);
      if (account?.uninstallAskedAt !== askedAt) throw accountChanged(accountId);
      await this.accounts.update(accountId, { uninstallAskedAt: null });
      await work();
    });
  }
}

/** Decides about "access revoked" calls: Kommo is asked first, for up to ten minutes. */
@Injectable()
export class PendingUninstalls {
  constructor(
    private readonly accounts: AccountStore,
    private readonly access: AccessCheck,
    private readonly disconnection: AccountDisconnection,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks Kommo, and disconnects the account, ignores the call or waits for the next round. Returns whether the account was
   * disconnected. Without effect when no call waits, and when the account is authorised again while Kommo is asked.
   */
  async decide(accountId: number): Promise<boolean> {
    const askedAt = (await this.accounts.find(accountId))?.uninstallAskedAt ?? null;
    if (askedAt === null) return false;
    const decision = decideUninstall(await this.access.run(accountId), this.clock.nowMs() - askedAt);
    if (decision === 'wait') return false;
    try {
      await this.carryOut(accountId, askedAt, decision);
    } catch (error) {
      if (!hasErrorCode(error, 'account_changed')) throw error;
      return false;
    }
    return decision === 'disconnect';
  }

  private async carryOut(accountId: number, askedAt: number, decision: 'disconnect' | 'ignore'): Promise<void> {
    const action = decision === 'disconnect' ? 'account.uninstall' : 'account.ignore_uninstall';
    await this.audit.record({ actor: 'kommo', action, accountId }, () => this.disconnection[decision](accountId, askedAt));
  }
}

/** Disconnects accounts whose administrator switched the integration off in Kommo. */
@Injectable()
export class Uninstall {
  constructor(
    private readonly accounts: AccountStore,
    private readonly clients: OAuthClients,
    private readonly pending: PendingUninstalls,
    private readonly webhooks: VendorWebhooks,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores the call; {@link decide} and the sweep decide about it. Safe to repeat. Throws InvalidInputError `uninstall_refused` for a
   * wrong signature, and also for an unknown account or integration: the error must not show which accounts exist.
   */
  async receive(hook: UninstallHook): Promise<void> {
    const { status, uninstallAskedAt } = await this.verify(hook);
    if (status === 'disconnected') return;
    // A repeated call writes too: the first one may not be on the disk yet.
    await this.accounts.update(hook.accountId, { uninstallAskedAt: uninstallAskedAt ?? this.clock.nowMs() });
  }

  /**
   * Asks Kommo about the call that waits. When Kommo has ended the access, disconnects the account and deletes its webhooks at both
   * vendors; the schedule `uninstall` tries again what fails now. Deletes nothing else: a new authorisation restores the account.
   */
  async decide(accountId: number): Promise<void> {
    if (await this.pending.decide(accountId)) await this.webhooks.remove(accountId);
  }

  /** Decides about all calls that wait, the oldest first. */
  async decideAll(): Promise<void> {
    for (const { accountId } of await this.accounts.listUninstalling(ACCOUNTS_AT_ONCE)) await this.decide(accountId);
  }

  private async verify({ clientId, accountId, signature }: UninstallHook): Promise<AccountEntity> {
    const account = await this.accounts.find(accountId);
    if (account?.clientId !== clientId) throw refused();
    const { clientSecret } = await this.clients.get(clientId);
    if (!verifyUninstallSignature({ clientId, accountId, signature, clientSecret })) throw refused();
    return account;
  }
}
