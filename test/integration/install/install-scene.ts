import { AccessStore } from '#database';
import { Secret } from '#domain';
import { Keyring } from '#secrets';
import { type AuthorizationCallback, AuthorizationLinks, Installer, WidgetSettings } from '#sync';
import { accountForOperator } from '../../support/operator-account.js';
import type { SandboxControl } from '../../support/sandbox-control.js';
import type { Harness } from '../../support/sync-harness.js';

export const CLIENT_ID = '0b0123f4-d123-4123-9123-e09f123456ca';
export const CLIENT_SECRET = 'planted-client-secret-0123456789abcdef';
export const REDIRECT_URI = 'https://sync.example.org/auth';
export const ACCOUNT_ID = 32_000_001;
export const UNISENDER_KEY = 'planted-unisender-key-0123456789abcdef';

export interface IntegrationDetails {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

export const defaultIntegration: IntegrationDetails = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI };

/** Prepares Kommo and Unisender for an installation, and acts as their users. */
export class InstallScene {
  constructor(private readonly sandbox: SandboxControl) {}

  /** Resets the sandbox to one integration, one account and one Unisender key. */
  async begin(): Promise<void> {
    await this.sandbox.reset();
    await this.addIntegration();
    await this.addAccount(ACCOUNT_ID);
    await this.sandbox.post('/unisender/accounts', { api_key: UNISENDER_KEY, login: 'owner@example.org' });
  }

  async addIntegration({ clientId, clientSecret, redirectUri }: IntegrationDetails = defaultIntegration): Promise<void> {
    await this.sandbox.post('/kommo/integrations', { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri });
  }

  /** Without `users` the account has one administrator. */
  async addAccount(accountId: number, users?: readonly { id: number; is_admin: boolean; contacts_view?: 'A' | 'M' }[]): Promise<void> {
    const names = { id: accountId, name: `Company ${accountId}`, subdomain: `company${accountId}` };
    await this.sandbox.post('/kommo/accounts', { ...names, ...(users && { users }) });
  }

  /** Allows the access. Returns what Kommo sends to the redirect URI. */
  async allow(
    accountId: number,
    { state, clientId = CLIENT_ID, userId }: { state?: string; clientId?: string; userId?: number } = {},
  ): Promise<AuthorizationCallback> {
    const { redirect } = await this.sandbox.post<{ redirect: string }>(`/kommo/accounts/${accountId}/consent`, {
      client_id: clientId,
      ...(state === undefined ? {} : { state }),
      ...(userId === undefined ? {} : { user_id: userId }),
    });
    const query = new URL(redirect).searchParams;
    const read = (name: string) => query.get(name) ?? undefined;
    return { code: read('code'), referer: read('referer'), clientId: read('client_id'), state: read('state') };
  }

  /** Installs the widget. Returns what Kommo's server sends: it has no state. */
  async allowFromWidget(accountId: number, clientId = CLIENT_ID): Promise<AuthorizationCallback> {
    return { ...(await this.allow(accountId, { clientId })), fromWidget: true };
  }

  async disposableToken(accountId: number, clientId = CLIENT_ID, userId?: number): Promise<string> {
    const body = { client_id: clientId, ...(userId === undefined ? {} : { user_id: userId }) };
    const { token } = await this.sandbox.post<{ token: string }>(`/kommo/accounts/${accountId}/disposable-token`, body);
    return token;
  }
}

/** Connects an account from the browser. */
export async function installAccount(harness: Harness, scene: InstallScene, accountId = ACCOUNT_ID, userId?: number): Promise<void> {
  const links = harness.get(AuthorizationLinks);
  const installer = harness.get(Installer);
  const { state, clientId } = await links.create({ accountId });
  await installer.finishAuthorization(await scene.allow(accountId, { state, clientId, ...(userId === undefined ? {} : { userId }) }));
}

export const saveKey = (harness: Harness, accountId = ACCOUNT_ID, key = UNISENDER_KEY) =>
  harness.get(WidgetSettings).saveKey({ account: accountForOperator(accountId), unisenderKey: Secret.of(key) });

/** Reads the claims of the stored access token of an account. */
export async function storedClaims(harness: Harness, accountId: number): Promise<Record<string, unknown>> {
  const keyring = harness.get(Keyring);
  const access = await harness.get(AccessStore).find(accountId);
  const token = keyring.decrypt(access?.accessToken ?? '', `accesses.access_token:${accountId}`).reveal();
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** Returns the error of a promise. Throws when the promise resolves. */
export async function failureOf(promise: Promise<unknown>): Promise<{ code: string; fields: string[]; message: string }> {
  try {
    await promise;
  } catch (error) {
    const { code = '', fields = [], message } = error as { code?: string; fields?: { field: string }[]; message: string };
    return { code, fields: fields.map(({ field }) => field), message };
  }
  throw new Error('it did not fail');
}
