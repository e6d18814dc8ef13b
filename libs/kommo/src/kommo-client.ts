import {
  BugError,
  chunksOf,
  type Clock,
  type ContactSnapshot,
  isRecord,
  type Logger,
  parseJson,
  type RequestLimiter,
  type Secret,
  toItems,
  toText,
  type UnknownRecord,
  valueAt,
} from '#domain';
import type { HttpResponse } from '#http';
import { findApiContact } from './contact-reader.js';
import { findAccount, type KommoAccount } from './kommo-account.js';
import { findVendorPauseMs, isAbsence, isSuccess, toApiFailure, toTokenFailure, unreadableResponse } from './kommo-failure.js';
import { findKommoHost, type KommoHost } from './kommo-host.js';
import { KommoHttp, type KommoRequest } from './kommo-http.js';
import { findWebhook, isActiveFor, type KommoWebhook } from './kommo-webhook.js';
import { readTokenPair, type TokenPair } from './token-pair.js';

/** What the client stands on. */
export interface KommoClientOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Asked before every call, the token endpoint's included, with `kommo` and `kommo:<account id, or host while unknown>`. */
  readonly limiter: RequestLimiter;
  /** Domains under which accounts live; nothing is ever sent to a host outside them. */
  readonly allowedDomains: readonly string[];
  /** All calls go to this origin, with the real host in the `Host` header. Sandbox and tests only. */
  readonly originOverride?: URL | undefined;
  readonly timeouts?: Partial<KommoTimeouts>;
}

/** Milliseconds. Those of the official client (reference/kommo.md 1.8). */
export interface KommoTimeouts {
  readonly connectMs: number;
  readonly totalMs: number;
  readonly oauthMs: number;
}

/** On whose behalf a call is made. */
export interface KommoSession {
  readonly host: string;
  readonly accessToken: Secret;
  readonly accountId: number;
  readonly signal?: AbortSignal | undefined;
}

/** The OAuth client of an account, as registered in Kommo. */
export interface KommoGrant {
  readonly host: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** Byte for byte as in the integration's settings. */
  readonly redirectUri: string;
  readonly signal?: AbortSignal | undefined;
}

/** One page of contacts, in the order asked for. */
export interface ContactPage {
  readonly contacts: ContactSnapshot[];
  readonly hasNext: boolean;
}

/** The most that Kommo returns per call, and the most that it wants to be given (reference/kommo.md 4.4, 4.6). */
export const KOMMO_PAGE_LIMIT = 250;
const WRITE_BATCH = 50;

const defaultTimeouts: KommoTimeouts = { connectMs: 5_000, totalMs: 20_000, oauthMs: 15_000 };
const TOKEN_PATH = '/oauth2/access_token';
const CURRENT_SUBDOMAIN_PATH = '/oauth2/account/current/subdomain';
const CONTACTS_PATH = '/api/v4/contacts';
const WEBHOOKS_PATH = '/api/v4/webhooks';

type ApiRequest = Pick<KommoRequest, 'method' | 'path' | 'query' | 'body'>;

/**
 * Client of Kommo's OAuth endpoints and API v4. Makes each call once; whoever works with it retries.
 *
 * Every method may throw TransientError with code `kommo_rate_limited` (wait of its `retryAfterMs`), `kommo_payment_required`,
 * `kommo_forbidden` (no rights, or this IP is blocked for all accounts) or `kommo_unavailable` (no answer, 5xx, half an
 * answer); those that take a session also KommoUnauthorizedError, and InvalidInputError `kommo_rejected` for any other 4xx.
 * An aborted call rejects with the signal's reason. Errors carry neither token nor secret. Source: reference/kommo.md 1, 4, 5.
 */
export class KommoClient {
  private readonly http: KommoHttp;
  private readonly timeouts: KommoTimeouts;

  constructor(private readonly options: KommoClientOptions) {
    this.timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.http = new KommoHttp({
      logger: options.logger,
      clock: options.clock,
      limiter: options.limiter,
      originOverride: options.originOverride,
      connectTimeoutMs: this.timeouts.connectMs,
    });
  }

  /** Exchanges an authorization code, which lives 20 minutes and works once. A refused one throws KommoTokenRefusedError. */
  async exchangeCode({ code, ...grant }: KommoGrant & { readonly code: string }): Promise<TokenPair> {
    return this.requestToken(grant, 'authorization_code', { code });
  }

  /**
   * Gets a new pair for a refresh token. The old token may be dead afterwards: store the pair before using it, and never
   * refresh one account twice at a time (reference/kommo.md 1.5). Throws KommoTokenRefusedError when it is refused for
   * good, KommoHostMovedError when the account may have been renamed.
   */
  async refresh({ refreshToken, ...grant }: KommoGrant & { readonly refreshToken: Secret }): Promise<TokenPair> {
    return this.requestToken(grant, 'refresh_token', { refresh_token: refreshToken.reveal() });
  }

  /** Where a renamed account lives now; undefined when `apiDomain` or the answer is no allowed host, or Kommo does not tell (reference/kommo.md 1.7). */
  async findCurrentHost(request: {
    readonly apiDomain: string;
    readonly refreshToken: Secret;
    readonly signal?: AbortSignal | undefined;
  }): Promise<KommoHost | undefined> {
    const host = findKommoHost(request.apiDomain, this.options.allowedDomains);
    if (!host) return undefined;
    const answer = await this.ask({
      host,
      method: 'GET',
      path: CURRENT_SUBDOMAIN_PATH,
      headers: { 'X-Refresh-Token': request.refreshToken.reveal() },
      limiterKeys: ['kommo', `kommo:${host}`],
      totalTimeoutMs: this.timeouts.oauthMs,
      signal: request.signal,
    });
    if (isSuccess(answer)) return findKommoHost(toText(valueAt(parseJson(answer.text), 'domain')) ?? '', this.options.allowedDomains);
    const failure = toTokenFailure(answer, 'authorization_code');
    if (failure.kind === 'transient') throw failure;
    return undefined;
  }

  /** The account that the token belongs to. Also tells whether the token works. */
  async getAccount(session: KommoSession): Promise<KommoAccount> {
    const account = findAccount(await this.requestJson(session, { method: 'GET', path: '/api/v4/account' }));
    if (!account) throw unreadableResponse('no account in it');
    return account;
  }

  /** One page of contacts, from 1 on. Order by id for a full read: other orders shift while contacts change (reference/kommo.md 4.1). */
  async listContacts(
    session: KommoSession,
    { page, limit, orderById = false }: { readonly page: number; readonly limit: number; readonly orderById?: boolean },
  ): Promise<ContactPage> {
    const order = orderById ? '&order[id]=asc' : '';
    return this.requestContacts(session, `page=${page}&limit=${limit}${order}`);
  }

  /** The contact, or undefined when it is gone. */
  async findContact(session: KommoSession, contactId: number): Promise<ContactSnapshot | undefined> {
    const answer = await this.send(session, { method: 'GET', path: `${CONTACTS_PATH}/${contactId}` });
    if (isAbsence(answer)) return undefined;
    const body = readBody(answer);
    if (body === undefined) return undefined;
    const contact = findApiContact(body);
    if (contact?.contactId !== contactId) throw unreadableResponse(`not contact ${contactId}`);
    return contact.isDeleted ? undefined : contact;
  }

  /**
   * Those of at most 250 contacts that live, by id; a contact that is absent is gone. One call, or one per contact in
   * accounts where Kommo ignores or refuses the filter (reference/kommo.md 4.1).
   */
  async findContactsByIds(session: KommoSession, contactIds: readonly number[]): Promise<Map<number, ContactSnapshot>> {
    const asked = new Set(contactIds);
    if (asked.size === 0) return new Map();
    if (asked.size > KOMMO_PAGE_LIMIT) {
      throw new BugError(`${asked.size} contacts were asked for at once, ${KOMMO_PAGE_LIMIT} is the limit`, { code: 'kommo_too_many_ids' });
    }
    const found = (await this.findFiltered(session, asked)) ?? (await this.findOneByOne(session, asked));
    return new Map(found.filter(({ isDeleted }) => !isDeleted).map((contact) => [contact.contactId, contact]));
  }

  /** Undefined when the filter did not filter. */
  private async findFiltered(session: KommoSession, asked: ReadonlySet<number>): Promise<ContactSnapshot[] | undefined> {
    // Brackets stay literal: percent-encoded, 250 ids are a request line longer than the 8 KB that servers commonly take.
    const ids = [...asked].map((id) => `filter[id][]=${id}`).join('&');
    const answer = await this.send(session, { method: 'GET', path: CONTACTS_PATH, query: `page=1&limit=${KOMMO_PAGE_LIMIT}&${ids}` });
    if (answer.status === 400) return undefined;
    const { contacts, hasNext } = readContactPage(readBody(answer));
    const isFiltered = !hasNext && contacts.every(({ contactId }) => asked.has(contactId));
    return isFiltered ? contacts : undefined;
  }

  private async findOneByOne(session: KommoSession, asked: ReadonlySet<number>): Promise<ContactSnapshot[]> {
    this.options.logger.warn('Kommo does not filter contacts by id in this account: asking for each', { accountId: session.accountId });
    const found: ContactSnapshot[] = [];
    for (const contactId of asked) {
      const contact = await this.findContact(session, contactId);
      if (contact) found.push(contact);
    }
    return found;
  }

  /** Adds a tag to contacts, keeping their others; any number, in calls of 50. Kommo sends a hook for each (reference/kommo.md 4.4). */
  async tagContacts(session: KommoSession, { ids, tagName }: { readonly ids: readonly number[]; readonly tagName: string }): Promise<void> {
    for (const chunk of chunksOf(ids, WRITE_BATCH)) {
      const body = chunk.map((id) => ({ id, tags_to_add: [{ name: tagName }] }));
      await this.requestJson(session, { method: 'PATCH', path: CONTACTS_PATH, body });
    }
  }

  /** The account's webhooks, or those with exactly this destination. Needs an administrator's token. */
  async listWebhooks(session: KommoSession, destination?: string): Promise<KommoWebhook[]> {
    const query = destination === undefined ? '' : `filter[destination]=${encodeURIComponent(destination)}`;
    const body = await this.requestJson(session, { method: 'GET', path: WEBHOOKS_PATH, query });
    const webhooks = toItems(valueAt(body, '_embedded', 'webhooks')).flatMap((item) => findWebhook(item) ?? []);
    return webhooks.filter((webhook) => destination === undefined || webhook.destination === destination);
  }

  /**
   * Subscribes the destination to exactly these events. One that is disabled or differs is made anew, because what a second
   * POST does with the old settings is not known (reference/kommo.md 5.1). Repeat it when it failed half-way.
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

  /** Ends a subscription; one that does not exist is fine. */
  async deleteWebhook(session: KommoSession, destination: string): Promise<void> {
    const answer = await this.send(session, { method: 'DELETE', path: WEBHOOKS_PATH, body: { destination } });
    if (!isSuccess(answer) && !isAbsence(answer)) throw toApiFailure(answer);
  }

  /** Ends what is under way, as if Kommo had gone, and later calls at once. */
  close(): void {
    this.http.close();
  }

  private async requestContacts(session: KommoSession, query: string): Promise<ContactPage> {
    return readContactPage(await this.requestJson(session, { method: 'GET', path: CONTACTS_PATH, query }));
  }

  private async requestJson(session: KommoSession, request: ApiRequest): Promise<UnknownRecord | undefined> {
    return readBody(await this.send(session, request));
  }

  private async send(session: KommoSession, request: ApiRequest): Promise<HttpResponse> {
    return this.ask({
      ...request,
      host: this.allowedHost(session.host),
      headers: { Authorization: `Bearer ${session.accessToken.reveal()}` },
      limiterKeys: ['kommo', `kommo:${session.accountId}`],
      totalTimeoutMs: this.timeouts.totalMs,
      signal: session.signal,
    });
  }

  /** What Kommo refuses to everybody is made known to everybody. */
  private async ask(request: KommoRequest): Promise<HttpResponse> {
    const answer = await this.http.send(request);
    const pauseMs = findVendorPauseMs(answer);
    if (pauseMs !== undefined) await this.options.limiter.pause('kommo', pauseMs);
    return answer;
  }

  private async requestToken(
    { host: asked, clientId, clientSecret, redirectUri, signal }: KommoGrant,
    grantType: 'authorization_code' | 'refresh_token',
    proof: Readonly<Record<string, string>>,
  ): Promise<TokenPair> {
    const host = this.allowedHost(asked);
    const answer = await this.ask({
      host,
      method: 'POST',
      path: TOKEN_PATH,
      body: { client_id: clientId, client_secret: clientSecret.reveal(), grant_type: grantType, ...proof, redirect_uri: redirectUri },
      limiterKeys: ['kommo', `kommo:${host}`],
      totalTimeoutMs: this.timeouts.oauthMs,
      isOnce: true,
      signal,
    });
    if (!isSuccess(answer)) throw toTokenFailure(answer, grantType);
    return readTokenPair(answer.text);
  }

  private allowedHost(asked: string): KommoHost {
    const host = findKommoHost(asked, this.options.allowedDomains);
    if (host) return host;
    throw new BugError('A call to a host outside the allowed domains was stopped', { code: 'kommo_host_not_allowed' });
  }
}

/** The answer's object; undefined for 204, which stands for "nothing there" (reference/kommo.md 4.1, 4.3). */
function readBody(answer: HttpResponse): UnknownRecord | undefined {
  if (!isSuccess(answer)) throw toApiFailure(answer);
  if (answer.status === 204) return undefined;
  const body = parseJson(answer.text);
  if (!isRecord(body)) throw unreadableResponse('it is not a JSON object');
  return body;
}

function readContactPage(body: UnknownRecord | undefined): ContactPage {
  if (!body) return { contacts: [], hasNext: false };
  const items = valueAt(body, '_embedded', 'contacts');
  if (!Array.isArray(items)) throw unreadableResponse('no contacts in it');
  const contacts = items.map((item) => {
    const contact = findApiContact(item);
    if (!contact) throw unreadableResponse('a contact without an id');
    return contact;
  });
  return { contacts, hasNext: valueAt(body, '_links', 'next') !== undefined && valueAt(body, '_links', 'next') !== null };
}
