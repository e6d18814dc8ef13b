import { InvalidInputError } from '#domain';
import {
  type KommoAccount,
  type KommoSession,
  KommoTokenRefusedError,
  KommoUnauthorizedError,
  type TokenPair,
  buildConsentUrl,
} from '#kommo';
import { randomToken } from '#secrets';
import type { SyncContext } from '../context.js';
import { hashWebhookToken } from '../intake/webhook-tokens.js';
import type { RunService } from '../runs/run-service.js';
import { sealPair } from '../tokens/credentials.js';
import { clientSecretContext, webhookTokenContext } from '../tokens/sealing.js';
import { type CheckedCallback, type AuthorizationCallback, AuthorizationCallbacks } from './authorization-callback.js';
import { AuthorizationStates } from './authorization-states.js';
import { type IntegrationInput, assertAccountId, assertIntegrationInput } from './integration-input.js';

const MAX_NAME_LENGTH = 255;

/** What Kommo granted, before anything of it is kept. */
interface Grant {
  readonly session: KommoSession;
  readonly pair: TokenPair;
  readonly account: KommoAccount;
  readonly clientId: string;
}

/** Connects accounts: saves integrations and finishes Kommo's OAuth in both of its flows (reference/kommo.md 1.3). */
export class Installer {
  private readonly states: AuthorizationStates;
  private readonly answers: AuthorizationCallbacks;

  constructor(
    private readonly context: SyncContext,
    private readonly runs: Pick<RunService, 'start'>,
  ) {
    this.states = new AuthorizationStates(context);
    this.answers = new AuthorizationCallbacks(context, this.states);
  }

  /** Creates or replaces an integration. Throws InvalidInputError that names every bad field. */
  async saveIntegration(input: IntegrationInput): Promise<{ clientId: string }> {
    assertIntegrationInput(input);
    await this.context.stores.integrations.save(this.sealed(input));
    return { clientId: input.clientId };
  }

  /**
   * Saves an integration and an account of it together. An account that was authorised through another integration has to
   * be authorised again: its tokens are of no use to this one. Throws InvalidInputError that names every bad field.
   */
  async saveSetup({
    accountId,
    ...input
  }: IntegrationInput & { readonly accountId: number }): Promise<{ clientId: string; accountId: number }> {
    assertIntegrationInput(input);
    assertAccountId(accountId);
    const { database, stores } = this.context;
    const { clientId } = input;
    await database.transaction(async () => {
      await stores.integrations.save(this.sealed(input));
      const known = await stores.accounts.find(accountId);
      await stores.accounts.savePending({ accountId, clientId, ...this.newWebhookToken(accountId) });
      if (known && known.clientId !== clientId) await stores.accounts.setStatus(accountId, 'reauthorization_required');
    });
    return { clientId, accountId };
  }

  /**
   * Where to send a browser so that its user may allow the access. The integration is the account's own, else the one asked
   * for, else the only one saved. Throws InvalidInputError for an unknown or ambiguous one.
   */
  async beginAuthorization({ accountId, clientId }: { readonly accountId: number; readonly clientId?: string | undefined }): Promise<{
    url: string;
    clientId: string;
    state: string;
  }> {
    assertAccountId(accountId);
    const chosen = await this.chooseIntegration(accountId, clientId);
    const state = await this.states.issue(accountId, chosen);
    const url = buildConsentUrl({ oauthUrl: this.context.config.kommoOauthUrl, clientId: chosen, state });
    return { url, clientId: chosen, state };
  }

  /**
   * Finishes an authorisation. Nothing leaves before the answer was checked, nothing is kept before Kommo has said whose
   * tokens they are. A known account keeps its key, list and mirror; what was missed meanwhile is reconciled.
   * Safe to go on after its caller has stopped waiting.
   *
   * Throws InvalidInputError for whatever the caller can cause (`consent_declined`, `kommo_code_refused`,
   * `account_mismatch`), TransientError when Kommo does not answer.
   */
  async finishAuthorization(answer: AuthorizationCallback): Promise<{ accountId: number; name: string }> {
    const checked = await this.answers.check(answer);
    const grant = await this.obtain(checked);
    assertExpected(checked, grant);
    await this.keep(grant);
    this.context.logger.info('an account was authorised', { account_id: grant.account.accountId, host: grant.session.host });
    await this.resume(grant.account.accountId);
    return { accountId: grant.account.accountId, name: grant.account.name };
  }

  private sealed({ clientId, clientSecret, redirectUri, domain }: IntegrationInput) {
    const sealedSecret = this.context.keyring.encrypt(clientSecret, clientSecretContext(clientId));
    return { clientId, clientSecret: sealedSecret, redirectUri, domain: domain ?? null };
  }

  private newWebhookToken(accountId: number): { webhookToken: string; webhookTokenHash: string } {
    const token = randomToken();
    return { webhookToken: this.context.keyring.encrypt(token, webhookTokenContext(accountId)), webhookTokenHash: hashWebhookToken(token) };
  }

  private async chooseIntegration(accountId: number, asked: string | undefined): Promise<string> {
    const account = await this.context.stores.accounts.find(accountId);
    if (account) return account.clientId;
    const saved = (await this.context.stores.integrations.list()).map(({ clientId }) => clientId);
    const chosen = asked === undefined && saved.length === 1 ? saved[0] : saved.find((clientId) => clientId === asked);
    if (chosen !== undefined) return chosen;
    const problem = asked === undefined ? 'must say which of the saved integrations to use' : 'is not a saved integration';
    throw InvalidInputError.ofFields([{ field: 'client_id', problem }]);
  }

  private async obtain({ code, host, identity }: CheckedCallback): Promise<Grant> {
    const { kommo } = this.context;
    try {
      const pair = await kommo.exchangeCode({ ...identity, host, code });
      const session = { host, accessToken: pair.accessToken, accountId: pair.claims.accountId ?? 0 };
      return { session, pair, account: await kommo.getAccount(session), clientId: identity.clientId };
    } catch (error) {
      throw isRefusal(error) ? codeRefused(error) : error;
    }
  }

  /** The account's row first: it serialises two installs of one account, and a flag of a refused refresh. */
  private async keep({ account, session, pair, clientId }: Grant): Promise<void> {
    const { database, stores } = this.context;
    const sealed = sealPair(this.context, account.accountId, pair);
    await database.transaction(async () => {
      await stores.accounts.install({
        accountId: account.accountId,
        clientId,
        name: account.name.slice(0, MAX_NAME_LENGTH),
        subdomain: account.subdomain.slice(0, MAX_NAME_LENGTH),
        host: session.host,
        apiDomain: pair.claims.apiDomain ?? null,
        ...this.newWebhookToken(account.accountId),
      });
      await stores.accesses.save(account.accountId, sealed.pair, sealed.expiresAt);
      // Kommo may have dropped the webhook when the access ended: it counts again once it was looked at.
      const known = await stores.accounts.find(account.accountId);
      if (known?.webhookState === 'active') await stores.accounts.update(account.accountId, { webhookState: 'missing' });
    });
  }

  /** The account is connected whatever becomes of this: the watchdog reconciles what no run does. */
  private async resume(accountId: number): Promise<void> {
    const account = await this.context.stores.accounts.find(accountId);
    if (!account || account.unisenderKey === null) return;
    try {
      await this.runs.start({ accountId, mode: 'reconcile', trigger: 'install' });
    } catch (error) {
      this.context.logger.warn('the reconciliation after an authorisation is left to the watchdog', { account_id: accountId, error });
    }
  }
}

const isRefusal = (error: unknown): error is Error => error instanceof KommoTokenRefusedError || error instanceof KommoUnauthorizedError;

const codeRefused = (cause: Error): InvalidInputError =>
  InvalidInputError.ofFields([{ field: 'code', problem: `is refused by Kommo: ${cause.message}` }], { code: 'kommo_code_refused', cause });

function assertExpected({ expectedAccountId }: CheckedCallback, { account, pair }: Grant): void {
  const { accountId: claimed = account.accountId } = pair.claims;
  if (claimed === account.accountId && (expectedAccountId === undefined || expectedAccountId === account.accountId)) return;
  throw InvalidInputError.ofFields([{ field: 'state', problem: 'asks for another account than the one that was allowed in Kommo' }], {
    code: 'account_mismatch',
  });
}
