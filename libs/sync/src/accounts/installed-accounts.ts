import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, AlertStore, Database } from '#database';
import { type AccessScope, alerts, Clock, isNarrowerScope } from '#domain';
import type { KommoAccount, TokenPair } from '#kommo';
import { TokenVault } from '../tokens/token-vault.js';
import { WebhookUrls } from './webhook-urls.js';

const MAX_NAME_LENGTH = 255;

/** What Kommo returned for an authorisation. */
export interface Grant {
  readonly clientId: string;
  readonly host: string;
  readonly account: KommoAccount;
  readonly pair: TokenPair;
}

/** What the caller knows about an authorisation. */
export interface InstallRules {
  /** Which contacts the tokens show; null when Kommo does not confirm it. */
  readonly accessScope: AccessScope | null;
  /** Whether an account that is not known yet awaits the approval of the operator. */
  readonly needsApproval: boolean;
}

/** The stored account, or why nothing was stored: the tokens show fewer contacts than those before, or are of another integration. */
export type Installation =
  { readonly kind: 'stored'; readonly account: AccountEntity | undefined } | { readonly kind: 'narrower' | 'other_integration' };

/** Raises alerts for authorisations that need a decision of the operator. */
@Injectable()
export class AuthorizationAlerts {
  constructor(
    private readonly accounts: AccountStore,
    private readonly alerts: AlertStore,
    private readonly clock: Clock,
  ) {}

  /** Raises the alert for an account that awaits approval. */
  async requestApproval(accountId: number): Promise<void> {
    await this.alerts.raise(alerts.approvalRequired(accountId));
  }

  /** Marks the account, so that its view asks for an administrator, and raises an alert. */
  async recordRefusal(accountId: number): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.accounts.update(accountId, { authorizationRefusedAt: nowMs });
    await this.alerts.raise(alerts.authorizationRefused(accountId, nowMs));
  }
}

/** Stores accounts that Kommo has authorised. */
@Injectable()
export class InstalledAccounts {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly authorizations: AuthorizationAlerts,
    private readonly vault: TokenVault,
    private readonly webhookUrls: WebhookUrls,
  ) {}

  /**
   * Stores the account as active, with its tokens. A known account keeps its key, list and mirror. It keeps its tokens, too, and
   * raises an alert, when the new ones would show fewer contacts: a reconciliation would take the others for deleted. Only the
   * operator gives a known account another integration. Throws BugError
   * when the tokens belong to another account.
   */
  async save(grant: Grant, { accessScope, needsApproval }: InstallRules): Promise<Installation> {
    const { accountId } = grant.account;
    return this.database.transaction(async () => {
      const known = await this.findLocked(grant);
      if (known && known.clientId !== grant.clientId) return { kind: 'other_integration' };
      if (isNarrowerScope(accessScope, known?.accessScope ?? null)) {
        await this.authorizations.recordRefusal(accountId);
        return { kind: 'narrower' };
      }
      const awaitsApproval = known?.awaitsApproval ?? needsApproval;
      await this.accounts.install({ ...this.toInstalled(grant), accessScope, awaitsApproval });
      if (awaitsApproval) await this.authorizations.requestApproval(accountId);
      await this.vault.save(accountId, grant.pair);
      // The former webhook URLs end with the former access. A reconciliation finds what was sent to them.
      await this.webhookUrls.renewTokens(accountId, 0);
      const account = await this.accounts.find(accountId);
      // Kommo may have deleted the webhook when the access ended. It counts as missing until it has been checked.
      if (account?.webhookState === 'active') await this.accounts.update(accountId, { webhookState: 'missing' });
      return { kind: 'stored', account };
    });
  }

  /**
   * Locks the row of the account: two installations of the account wait for each other, and a refused refresh waits, too. Returns
   * undefined for a new account, whose row is added first.
   */
  private async findLocked({ account: { accountId }, clientId }: Grant): Promise<AccountEntity | undefined> {
    const isNew = (await this.accounts.find(accountId)) === undefined;
    if (isNew) await this.accounts.addPending({ accountId, clientId });
    const account = await this.accounts.findLocked(accountId);
    return isNew && account?.clientId === clientId && account.status === 'pending_authorization' ? undefined : account;
  }

  private toInstalled({ clientId, host, account: { accountId, name, subdomain }, pair }: Grant) {
    return {
      accountId,
      clientId,
      name: name.slice(0, MAX_NAME_LENGTH),
      subdomain: subdomain.slice(0, MAX_NAME_LENGTH),
      host,
      apiDomain: pair.claims.apiDomain ?? null,
    };
  }
}
