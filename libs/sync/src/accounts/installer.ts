import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import type { AccountEntity } from '#database';
import { type AccessScope, InvalidInputError, Logger } from '#domain';
import { KommoClient, KommoTokenRefusedError, KommoUnauthorizedError } from '#kommo';
import { AuditLog } from '../maintenance/audit-log.js';
import { RunService } from '../runs/run-service.js';
import { type AuthorizationCallback, AuthorizationCallbacks, type CheckedCallback } from './authorization-callbacks.js';
import { CodeExchangeQueue } from './code-exchange-queue.js';
import { type Grant, InstalledAccounts } from './installed-accounts.js';

/** Stores authorised accounts and starts their reconciliation. */
@Injectable()
export class AccountConnection {
  constructor(
    private readonly installed: InstalledAccounts,
    private readonly runs: RunService,
    private readonly audit: AuditLog,
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /**
   * Stores the account as active. A known account with a key gets a reconciliation: it reads the changes since its access ended.
   * Throws InvalidInputError `administrator_required` when the user of the tokens sees fewer contacts than the one before, and
   * `other_integration` when the account uses another integration. The audit log has both.
   */
  async save(grant: Grant, scope: AccessScope | null): Promise<{ accountId: number; name: string }> {
    const { accountId } = grant.account;
    const action = { actor: 'kommo', action: 'account.authorise', accountId, details: { client_id: grant.clientId } };
    return this.audit.record(action, () => this.store(grant, scope));
  }

  private async store(grant: Grant, scope: AccessScope | null): Promise<{ accountId: number; name: string }> {
    const installation = await this.installed.save(grant, { accessScope: scope, needsApproval: this.config.approveAccounts });
    const { accountId, name } = grant.account;
    if (installation.kind !== 'stored')
      throw installation.kind === 'narrower' ? this.narrower(accountId) : this.otherIntegration(accountId);
    this.logger.info('account authorised', { account_id: accountId, host: grant.host });
    if (installation.account?.status === 'active') await this.reconcile(installation.account);
    return { accountId, name };
  }

  private narrower(accountId: number): InvalidInputError {
    this.logger.warn('authorisation refused; its user sees fewer contacts than the one before', { account_id: accountId });
    return new InvalidInputError(
      `Your Kommo user has fewer rights than the one who authorised account ${accountId} before. Let an administrator open /auth?id=${accountId}`,
      { code: 'administrator_required' },
    );
  }

  private otherIntegration(accountId: number): InvalidInputError {
    this.logger.warn('authorisation refused; the account uses another integration', { account_id: accountId });
    return new InvalidInputError(`Account ${accountId} uses another integration. The operator can change it with POST /setup`, {
      code: 'other_integration',
    });
  }

  /** Never throws: the account is connected, and the watchdog starts a reconciliation that is missing. */
  private async reconcile({ accountId, unisenderKey }: AccountEntity): Promise<void> {
    if (unisenderKey === null) return;
    try {
      await this.runs.start({ accountId, mode: 'reconcile', trigger: 'install' });
    } catch (error) {
      this.logger.warn('reconciliation not started; the watchdog will start it', { account_id: accountId, error });
    }
  }
}

/** Connects accounts: finishes Kommo's OAuth flow, begun in the browser or by an installation of the widget (reference/kommo.md 1.3). */
@Injectable()
export class Installer {
  constructor(
    private readonly callbacks: AuthorizationCallbacks,
    private readonly exchanges: CodeExchangeQueue,
    private readonly kommo: KommoClient,
    private readonly connection: AccountConnection,
  ) {}

  /**
   * Finishes an authorisation. Checks the callback before it calls Kommo, and the account of the tokens before it stores them. A known
   * account keeps its key, list and mirror; a reconciliation reads the changes since then. May wait in the queue of exchanges, and continue
   * after the request has ended.
   *
   * Throws InvalidInputError for what the caller can correct (`consent_declined`, `kommo_code_refused`, `account_mismatch`,
   * `administrator_required`, `other_integration`), and
   * TransientError when Kommo is unavailable; TooManyRequestsError when too many exchanges wait.
   */
  async finishAuthorization(callback: AuthorizationCallback): Promise<{ accountId: number; name: string }> {
    const checked = await this.callbacks.check(callback);
    return this.exchanges.run(checked, (signal) => this.connect(checked, signal));
  }

  private async connect(checked: CheckedCallback, signal: AbortSignal): Promise<{ accountId: number; name: string }> {
    const grant = await this.requestGrant(checked, signal);
    assertExpected(checked, grant);
    return this.connection.save(grant, await this.readScope(grant));
  }

  private async requestGrant({ code, host, client }: CheckedCallback, signal: AbortSignal): Promise<Grant> {
    try {
      const pair = await this.kommo.exchangeCode({ ...client, host, code, signal });
      const account = await this.kommo.identifyAccount({ host, accessToken: pair.accessToken, signal });
      return { clientId: client.clientId, host, account, pair };
    } catch (error) {
      throw isRefusal(error) ? codeRefused(error) : error;
    }
  }

  /** Null when Kommo does not confirm the rights of the user who authorised. */
  private async readScope({ host, account: { accountId, currentUserId }, pair: { accessToken } }: Grant): Promise<AccessScope | null> {
    if (currentUserId === undefined) return null;
    const user = await this.kommo.findUser({ host, accountId, accessToken }, currentUserId);
    return user?.accessScope ?? null;
  }
}

const isRefusal = (error: unknown): error is Error => error instanceof KommoTokenRefusedError || error instanceof KommoUnauthorizedError;

const codeRefused = (cause: Error): InvalidInputError =>
  InvalidInputError.ofFields([{ field: 'code', problem: `is refused by Kommo: ${cause.message}` }], { code: 'kommo_code_refused', cause });

function assertExpected({ expectedAccountId }: CheckedCallback, { account: { accountId }, pair }: Grant): void {
  const { accountId: claimed = accountId } = pair.claims;
  if (claimed === accountId && (expectedAccountId === undefined || expectedAccountId === accountId)) return;
  throw InvalidInputError.ofFields([{ field: 'state', problem: 'belongs to another account than the one that was allowed in Kommo' }], {
    code: 'account_mismatch',
  });
}
