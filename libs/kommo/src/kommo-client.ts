import { Injectable } from '@nestjs/common';
import {
  type AddressKind,
  BugError,
  chunksOf,
  type ContactSnapshot,
  Logger,
  type RequestLimiter,
  type Secret,
  silentMeter,
  toItems,
  toText,
  type UnknownRecord,
  valueAt,
  type WorkMeter,
} from '#domain';
import { HttpClient, type HttpPorts } from '#http';
import { type ContactPage, findApiContact, readContactPage } from './contact-reader.js';
import { findAccount, type KommoAccount } from './kommo-account.js';
import { isNotFound, readBody, toApiFailure, toTokenFailure, unreadableResponse } from './kommo-failure.js';
import { readEmailKinds } from './email-kinds.js';
import { findKommoHost, type KommoHost } from './kommo-host.js';
import { type KommoCaller, KommoHttp, kommoPeer, type KommoRequest } from './kommo-http.js';
import { CONTACT_RESPONSE, isSuccess, type KommoResponse, PAGE_RESPONSE, type ResponseLimits, SMALL_RESPONSE } from './kommo-response.js';
import { KommoSettings, type KommoTimeouts } from './kommo-settings.js';
import { type KommoField, type KommoUserName, readContactFields, readTagNames, readUserNames } from './kommo-choices.js';
import { findUser, type KommoUser } from './kommo-user.js';
import { findWebhook, isActiveFor, type KommoWebhook } from './kommo-webhook.js';
import { readTokenPair, type TokenPair } from './token-pair.js';

/** The account and the access token of a call. */
export interface KommoSession {
  readonly host: string;
  readonly accessToken: Secret;
  readonly accountId: number;
  readonly signal?: AbortSignal | undefined;
}

/** The OAuth client of an account, as registered in Kommo, for a call to the token endpoint. */
export interface KommoGrant {
  readonly host: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** Exactly as in the settings of the integration, byte for byte. */
  readonly redirectUri: string;
  readonly signal?: AbortSignal | undefined;
}

/** The most contacts that Kommo returns in one call (reference/kommo.md 4.4). */
export const KOMMO_PAGE_LIMIT = 250;
/** The most contacts to change in one call (reference/kommo.md 4.6). */
const WRITE_BATCH = 50;

/** 5,000 fields of contacts; no account has as many. */
const MAX_FIELD_PAGES = 20;

const DEFAULT_TIMEOUTS: KommoTimeouts = { connectMs: 5_000, totalMs: 20_000, oauthMs: 15_000 };
const TOKEN_PATH = '/oauth2/access_token';
const CURRENT_SUBDOMAIN_PATH = '/oauth2/account/current/subdomain';
const CONTACTS_PATH = '/api/v4/contacts';
const WEBHOOKS_PATH = '/api/v4/webhooks';
/** 2,000 fields, tags or users: more than a window can show. */
const MAX_CHOICE_PAGES = 8;
const ACCOUNT_REQUEST = { method: 'GET', path: '/api/v4/account' } as const;

const ORDERS = { id: '&order[id]=asc', newest: '&order[updated_at]=desc' } as const;

/** By ascending id, or the latest change first. */
export type ContactOrder = keyof typeof ORDERS;

/** What a call to the token endpoint exchanges, as Kommo names it. */
type GrantProof =
  | { readonly grant_type: 'authorization_code'; readonly code: string }
  | { readonly grant_type: 'refresh_token'; readonly refresh_token: string };

type ApiRequest = Pick<KommoRequest, 'method' | 'path' | 'query' | 'body'> & Partial<ResponseLimits>;

function toAccount(body: UnknownRecord | undefined): KommoAccount {
  const account = findAccount(body);
  if (!account) throw unreadableResponse('no account in it');
  return account;
}

/**
 * Client of Kommo's OAuth endpoints and API v4. It makes each call once; the caller retries. Before each call it acquires the
 * limiter keys `kommo` and `kommo:<account id>`; for an exchange of a code `kommo`, `kommo-exchange` and `kommo-host:<host>`.
 *
 * Every method may throw TransientError: `kommo_rate_limited` (wait `retryAfterMs`), `kommo_payment_required`, `kommo_forbidden`
 * (no rights, or this IP is blocked for all accounts) or `kommo_unavailable` (no response, 5xx, or a truncated one). Methods
 * with a session also throw KommoUnauthorizedError, and InvalidInputError `kommo_rejected` for any other 4xx. An aborted call
 * rejects with the reason of its signal. Errors contain neither token nor secret. Source: reference/kommo.md 1, 4, 5.
 */
@Injectable()
export class KommoClient {
  private readonly timeouts: KommoTimeouts;

  constructor(
    private readonly http: KommoHttp,
    private readonly settings: KommoSettings,
    private readonly logger: Logger,
  ) {
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...settings.timeouts };
  }

  /** Creates a client without Nest. */
  static create(
    settings: KommoSettings,
    { limiter, meter = silentMeter, ...ports }: HttpPorts & { readonly limiter: RequestLimiter; readonly meter?: WorkMeter },
  ): KommoClient {
    const http = HttpClient.create({ ...kommoPeer(settings.timeouts), trustedUrl: settings.originOverride?.href }, ports);
    return new KommoClient(new KommoHttp(http, limiter, settings, meter, ports.clock), settings, ports.logger);
  }

  /** Exchanges an authorization code for tokens. A code works once, for 20 minutes. Throws KommoTokenRefusedError when Kommo refuses it. */
  async exchangeCode({ code, ...grant }: KommoGrant & { readonly code: string }): Promise<TokenPair> {
    return this.requestToken(grant, 'exchange', { grant_type: 'authorization_code', code });
  }

  /**
   * Exchanges a refresh token for a new pair. The old token may stop working: store the new pair before you use it, and never
   * refresh one account twice at the same time (reference/kommo.md 1.5). Throws KommoTokenRefusedError for a final refusal,
   * KommoHostMovedError when the account may have been renamed.
   */
  async refresh({
    accountId,
    refreshToken,
    ...grant
  }: KommoGrant & { readonly accountId: number; readonly refreshToken: Secret }): Promise<TokenPair> {
    return this.requestToken(grant, { accountId }, { grant_type: 'refresh_token', refresh_token: refreshToken.reveal() });
  }

  /** Asks Kommo for the current host of a renamed account (reference/kommo.md 1.7). Undefined when Kommo names no allowed host. */
  async findCurrentHost(request: {
    readonly accountId: number;
    readonly apiDomain: string;
    readonly refreshToken: Secret;
    readonly signal?: AbortSignal | undefined;
  }): Promise<KommoHost | undefined> {
    const host = findKommoHost(request.apiDomain, this.settings.allowedDomains);
    if (!host) return undefined;
    const response = await this.http.send({
      ...SMALL_RESPONSE,
      host,
      method: 'GET',
      path: CURRENT_SUBDOMAIN_PATH,
      headers: { 'X-Refresh-Token': request.refreshToken.reveal() },
      caller: { accountId: request.accountId },
      totalTimeoutMs: this.timeouts.oauthMs,
      signal: request.signal,
    });
    if (isSuccess(response)) {
      return findKommoHost(toText(valueAt(response.body, 'domain')) ?? '', this.settings.allowedDomains);
    }
    const failure = toTokenFailure(response, 'authorization_code');
    if (failure.kind === 'transient') throw failure;
    return undefined;
  }

  /** Reads the account of the access token. Also a test whether the token works. */
  async getAccount(session: KommoSession): Promise<KommoAccount> {
    return toAccount(await this.requestJson(session, ACCOUNT_REQUEST));
  }

  /** As {@link getAccount}, for the token of an exchange: its account is not known yet. */
  async identifyAccount(session: Omit<KommoSession, 'accountId'>): Promise<KommoAccount> {
    return toAccount(readBody(await this.sendAs('newcomer', session, ACCOUNT_REQUEST)));
  }

  /**
   * Reads a user of the account. Undefined when Kommo does not confirm the rights of this very user: no such user, a response
   * about another one, or a refusal (reference/kommo.md 4.7).
   */
  async findUser(session: KommoSession, userId: number): Promise<KommoUser | undefined> {
    const response = await this.send(session, { method: 'GET', path: `/api/v4/users/${userId}` });
    return response.status === 403 || isNotFound(response) ? undefined : findUser(readBody(response), userId);
  }

  /**
   * Reads one page of contacts; pages start at 1. Order by id to read all: in other orders contacts move between pages
   * (reference/kommo.md 4.1).
   */
  async listContacts(
    session: KommoSession,
    { page, limit, orderBy }: { readonly page: number; readonly limit: number; readonly orderBy?: ContactOrder },
  ): Promise<ContactPage> {
    const order = orderBy === undefined ? '' : ORDERS[orderBy];
    const query = `page=${page}&limit=${limit}${order}`;
    const body = await this.requestJson(session, { method: 'GET', path: CONTACTS_PATH, query, ...PAGE_RESPONSE });
    return readContactPage(body, limit);
  }

  /** Reads the kinds of e-mail addresses by the ids of their enums. */
  async readEmailKinds(session: KommoSession): Promise<Record<string, AddressKind>> {
    for (let page = 1; ; page += 1) {
      const query = `page=${page}&limit=${KOMMO_PAGE_LIMIT}`;
      const body = await this.requestJson(session, { method: 'GET', path: `${CONTACTS_PATH}/custom_fields`, query, ...PAGE_RESPONSE });
      const kinds = readEmailKinds(body);
      const next = valueAt(body, '_links', 'next');
      if (Object.keys(kinds).length > 0 || next === undefined || next === null || page >= MAX_FIELD_PAGES) return kinds;
    }
  }

  /** Reads a contact. Undefined when it is deleted. */
  async findContact(session: KommoSession, contactId: number): Promise<ContactSnapshot | undefined> {
    const response = await this.send(session, { method: 'GET', path: `${CONTACTS_PATH}/${contactId}`, ...CONTACT_RESPONSE });
    if (isNotFound(response)) return undefined;
    const body = readBody(response);
    if (body === undefined) return undefined;
    const contact = findApiContact(body);
    if (contact?.contactId !== contactId) throw unreadableResponse(`not contact ${contactId}`);
    return contact.isDeleted ? undefined : contact;
  }

  /**
   * Reads at most 250 contacts by id. Deleted contacts are missing in the result. It makes one call, or one per contact in
   * accounts where Kommo ignores or rejects the filter (reference/kommo.md 4.1).
   */
  async findContactsByIds(session: KommoSession, contactIds: readonly number[]): Promise<Map<number, ContactSnapshot>> {
    const ids = new Set(contactIds);
    if (ids.size === 0) return new Map();
    if (ids.size > KOMMO_PAGE_LIMIT) {
      throw new BugError(`${ids.size} contacts in one call, ${KOMMO_PAGE_LIMIT} is the limit`, { code: 'kommo_too_many_ids' });
    }
    const found = (await this.findFiltered(session, ids)) ?? (await this.findOneByOne(session, ids));
    return new Map(found.filter(({ isDeleted }) => !isDeleted).map((contact) => [contact.contactId, contact]));
  }

  /** Undefined when Kommo did not apply the filter. */
  private async findFiltered(session: KommoSession, ids: ReadonlySet<number>): Promise<ContactSnapshot[] | undefined> {
    // Brackets are not percent-encoded: the request line of 250 ids would exceed the 8 KB that servers commonly accept.
    const filter = [...ids].map((id) => `filter[id][]=${id}`).join('&');
    const query = `page=1&limit=${KOMMO_PAGE_LIMIT}&${filter}`;
    const response = await this.send(session, { method: 'GET', path: CONTACTS_PATH, query, ...PAGE_RESPONSE });
    if (response.status === 400) return undefined;
    const { contacts, hasNext } = readContactPage(readBody(response), KOMMO_PAGE_LIMIT);
    const isFiltered = !hasNext && contacts.every(({ contactId }) => ids.has(contactId));
    return isFiltered ? contacts : undefined;
  }

  private async findOneByOne(session: KommoSession, ids: ReadonlySet<number>): Promise<ContactSnapshot[]> {
    this.logger.warn('Kommo ignores the id filter; reading contacts one by one', { account_id: session.accountId, contacts: ids.size });
    const found: ContactSnapshot[] = [];
    for (const contactId of ids) {
      const contact = await this.findContact(session, contactId);
      if (contact) found.push(contact);
    }
    return found;
  }

  /**
   * Adds a tag to any number of contacts, in calls of 50, and keeps their other tags. Kommo sends a hook for each contact
   * (reference/kommo.md 4.4).
   */
  async tagContacts(session: KommoSession, { ids, tagName }: { readonly ids: readonly number[]; readonly tagName: string }): Promise<void> {
    for (const chunk of chunksOf(ids, WRITE_BATCH)) {
      const body = chunk.map((id) => ({ id, tags_to_add: [{ name: tagName }] }));
      await this.requestJson(session, { method: 'PATCH', path: CONTACTS_PATH, body });
    }
  }

  /** Lists the webhooks of the account, or only those with this destination. Needs the token of an administrator. */
  async listWebhooks(session: KommoSession, destination?: string): Promise<KommoWebhook[]> {
    const query = destination === undefined ? '' : `filter[destination]=${encodeURIComponent(destination)}`;
    const body = await this.requestJson(session, { method: 'GET', path: WEBHOOKS_PATH, query });
    const webhooks = toItems(valueAt(body, '_embedded', 'webhooks')).flatMap((item) => findWebhook(item) ?? []);
    return webhooks.filter((webhook) => destination === undefined || webhook.destination === destination);
  }

  /**
   * Creates the webhook of a destination for exactly these events. A disabled or different one is deleted first, as the effect of
   * a second POST is unknown (reference/kommo.md 5.1). Safe to repeat after a failure.
   */
  async ensureWebhook(
    session: KommoSession,
    { destination, settings }: { readonly destination: string; readonly settings: readonly string[] },
  ): Promise<'active' | 'disabled'> {
    const [existing] = await this.listWebhooks(session, destination);
    if (existing && isActiveFor(existing, settings)) return 'active';
    if (existing) await this.deleteWebhook(session, destination);
    const created = findWebhook(await this.requestJson(session, { method: 'POST', path: WEBHOOKS_PATH, body: { destination, settings } }));
    return created?.isDisabled ? 'disabled' : 'active';
  }

  /** Deletes the webhook of a destination. A missing one is not an error. */
  async deleteWebhook(session: KommoSession, destination: string): Promise<void> {
    const response = await this.send(session, { method: 'DELETE', path: WEBHOOKS_PATH, body: { destination } });
    if (!isSuccess(response) && !isNotFound(response)) throw toApiFailure(response);
  }

  /** Lists the fields of contacts. */
  async listContactFields(session: KommoSession): Promise<KommoField[]> {
    return this.listAll(session, `${CONTACTS_PATH}/custom_fields`, readContactFields);
  }

  /** Lists the names of the tags of contacts. The list is empty when the user of the token may not see it. */
  async listContactTags(session: KommoSession): Promise<string[]> {
    return this.listAll(session, `${CONTACTS_PATH}/tags`, readTagNames);
  }

  /** Lists the users of the account. The list is empty when the user of the token may not see it. */
  async listUsers(session: KommoSession): Promise<KommoUserName[]> {
    return this.listAll(session, '/api/v4/users', readUserNames);
  }

  /** Reads pages until one has no successor, at most {@link MAX_CHOICE_PAGES}. A refusal ends the list. */
  private async listAll<Item>(session: KommoSession, path: string, read: (body: unknown) => Item[]): Promise<Item[]> {
    const items: Item[] = [];
    for (let page = 1; page <= MAX_CHOICE_PAGES; page += 1) {
      const response = await this.send(session, { method: 'GET', path, query: `page=${page}&limit=${KOMMO_PAGE_LIMIT}`, ...PAGE_RESPONSE });
      if (response.status === 403 || isNotFound(response)) return items;
      const body = readBody(response);
      items.push(...read(body));
      if (valueAt(body, '_links', 'next', 'href') === undefined) return items;
    }
    return items;
  }

  /** Ends running calls as if Kommo had disconnected. Later calls fail at once. */
  close(): void {
    this.http.close();
  }

  private async requestJson(session: KommoSession, request: ApiRequest): Promise<UnknownRecord | undefined> {
    return readBody(await this.send(session, request));
  }

  private async send(session: KommoSession, request: ApiRequest): Promise<KommoResponse> {
    return this.sendAs({ accountId: session.accountId }, session, request);
  }

  private async sendAs(caller: KommoCaller, session: Omit<KommoSession, 'accountId'>, request: ApiRequest): Promise<KommoResponse> {
    return this.http.send({
      ...SMALL_RESPONSE,
      ...request,
      caller,
      host: this.getAllowedHost(session.host),
      headers: { Authorization: `Bearer ${session.accessToken.reveal()}` },
      totalTimeoutMs: this.timeouts.totalMs,
      signal: session.signal,
    });
  }

  private async requestToken(
    { host: grantHost, clientId, clientSecret, redirectUri, signal }: KommoGrant,
    caller: KommoCaller,
    proof: GrantProof,
  ): Promise<TokenPair> {
    const host = this.getAllowedHost(grantHost);
    const response = await this.http.send({
      ...SMALL_RESPONSE,
      host,
      method: 'POST',
      path: TOKEN_PATH,
      body: { client_id: clientId, client_secret: clientSecret.reveal(), ...proof, redirect_uri: redirectUri },
      caller,
      totalTimeoutMs: this.timeouts.oauthMs,
      isOnce: true,
      signal,
    });
    if (!isSuccess(response)) throw toTokenFailure(response, proof.grant_type);
    return readTokenPair(response.body);
  }

  private getAllowedHost(text: string): KommoHost {
    const host = findKommoHost(text, this.settings.allowedDomains);
    if (host) return host;
    throw new BugError('A call to a host outside the allowed domains was stopped', { code: 'kommo_host_not_allowed' });
  }
}
