import { createHmac, timingSafeEqual } from 'node:crypto';
import { findUrl, parseJson, type Secret, toPositiveInteger, toText, valueAt } from '#domain';
import { DisposableTokenRefusedError } from './kommo-errors.js';
import { findKommoHost, type KommoHost } from './kommo-host.js';

/** The integration and the time that a token must match. */
export interface DisposableTokenCheck {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly redirectUri: string;
  readonly allowedDomains: readonly string[];
  readonly nowSeconds: number;
}

/** The user of the widget and the account. */
export interface WidgetCaller {
  readonly accountId: number;
  readonly userId: number;
  /** Undefined when the token does not say it. */
  readonly isAdmin: boolean | undefined;
  readonly subdomain: string;
  readonly host: KommoHost;
}

const MAX_TOKEN_LENGTH = 4_096;
const CLOCK_SKEW_SECONDS = 60;
/** Kommo's tokens are valid for half an hour (reference/kommo.md 2). */
const MAX_LIFETIME_SECONDS = 3_600;
const PART = /^[A-Za-z0-9_-]+$/;

interface TokenParts {
  readonly header: unknown;
  readonly claims: unknown;
  readonly signed: string;
  readonly signature: Buffer;
}

const decode = (part: string): unknown => parseJson(Buffer.from(part, 'base64url').toString('utf8'));

function findParts(token: string): TokenParts | undefined {
  const parts = token.length <= MAX_TOKEN_LENGTH ? token.split('.') : [];
  const [header, claims, signature] = parts;
  if (parts.length !== 3 || !header || !claims || !signature || !parts.every((part) => PART.test(part))) return undefined;
  return { header: decode(header), claims: decode(claims), signed: `${header}.${claims}`, signature: Buffer.from(signature, 'base64url') };
}

function isSignedWith({ signed, signature }: TokenParts, clientSecret: Secret): boolean {
  const secret = clientSecret.reveal();
  if (secret === '') return false;
  const expected = createHmac('sha256', secret).update(signed).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/** Scheme and host without the port: Kommo derives `aud` from the redirect URI in this form (reference/kommo.md 2). */
function toAudience(url: string): string | undefined {
  const parsed = findUrl(url);
  return parsed && `${parsed.protocol}//${parsed.hostname}`;
}

function timeProblemOf(claims: unknown, nowSeconds: number): string | undefined {
  const notBefore = toPositiveInteger(valueAt(claims, 'nbf'));
  const expires = toPositiveInteger(valueAt(claims, 'exp'));
  if (notBefore === undefined || expires === undefined) return 'it does not say when it is valid';
  const issued = toPositiveInteger(valueAt(claims, 'iat')) ?? notBefore;
  if (expires - Math.min(issued, notBefore) > MAX_LIFETIME_SECONDS) return 'it is valid for more than an hour';
  const isValid = notBefore - CLOCK_SKEW_SECONDS <= nowSeconds && nowSeconds < expires + CLOCK_SKEW_SECONDS;
  return isValid ? undefined : 'it is expired or not valid yet';
}

function problemOf(claims: unknown, { clientId, redirectUri, nowSeconds }: DisposableTokenCheck): string | undefined {
  if (valueAt(claims, 'client_uuid') !== clientId) return 'it belongs to another integration';
  const audience = toAudience(toText(valueAt(claims, 'aud')) ?? '');
  if (audience === undefined || audience !== toAudience(redirectUri)) return 'its audience is another service';
  return timeProblemOf(claims, nowSeconds);
}

function readCaller(claims: unknown, allowedDomains: readonly string[]): WidgetCaller {
  const accountId = toPositiveInteger(valueAt(claims, 'account_id'));
  const userId = toPositiveInteger(valueAt(claims, 'user_id'));
  const subdomain = toText(valueAt(claims, 'subdomain'));
  const issuer = toText(valueAt(claims, 'iss')) ?? '';
  const host = issuer.startsWith('https://') ? findKommoHost(issuer, allowedDomains) : undefined;
  if (accountId === undefined || userId === undefined || subdomain === undefined || host === undefined) {
    throw new DisposableTokenRefusedError('it does not name an account, a user and an allowed issuer');
  }
  if (!host.startsWith(`${subdomain.toLowerCase()}.`)) throw new DisposableTokenRefusedError('its issuer is another account');
  return { accountId, userId, isAdmin: readAdminClaim(claims), subdomain, host };
}

/** A claim that is no boolean counts as false. */
function readAdminClaim(claims: unknown): boolean | undefined {
  const claim = valueAt(claims, 'is_admin');
  return claim === undefined ? undefined : claim === true;
}

/** Reads the client id from a widget token, to find the secret that verifies it. The token is not verified here. */
export function findTokenClientId(token: string): string | undefined {
  return toText(valueAt(findParts(token)?.claims, 'client_uuid'));
}

/**
 * Verifies the `X-Auth-Token` that Kommo gives to a widget (reference/kommo.md 2): HS256, signature, integration, audience, time
 * (with a minute of clock skew), a lifetime of at most an hour, and that the issuer has the subdomain of the account. Throws DisposableTokenRefusedError. A token can be used more than once, as in Kommo.
 */
export function verifyDisposableToken(token: string, check: DisposableTokenCheck): WidgetCaller {
  const parts = findParts(token);
  if (!parts || valueAt(parts.header, 'alg') !== 'HS256') throw new DisposableTokenRefusedError('it is not an HS256 token');
  if (!isSignedWith(parts, check.clientSecret)) throw new DisposableTokenRefusedError('its signature is wrong');
  const problem = problemOf(parts.claims, check);
  if (problem !== undefined) throw new DisposableTokenRefusedError(problem);
  return readCaller(parts.claims, check.allowedDomains);
}
