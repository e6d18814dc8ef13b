import { parseJson, Secret, toPositiveInteger, toText, valueAt } from '#domain';
import { unreadableResponse } from './kommo-failure.js';

/** Claims of an access token. They are not verified, as only Kommo has the key: use them as hints only (reference/kommo.md 1.6). */
export interface AccessTokenClaims {
  readonly accountId?: number;
  /** Host that knows the current host of a renamed account. */
  readonly apiDomain?: string;
  readonly baseDomain?: string;
  /** When the token expires, epoch milliseconds. */
  readonly expiresAtMs?: number;
}

/**
 * The tokens of a response of the token endpoint (reference/kommo.md 1.4). `expiresInSeconds` is the lifetime of the access token, if
 * Kommo names it.
 */
export interface TokenPair {
  readonly accessToken: Secret;
  readonly refreshToken: Secret;
  readonly expiresInSeconds: number | undefined;
  readonly claims: AccessTokenClaims;
}

const TOKEN = /^[\x21-\x7e]{1,16384}$/;

function decodePayload(token: string): unknown {
  const [, payload] = token.split('.', 2);
  return payload === undefined ? undefined : parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
}

function readClaims(token: string): AccessTokenClaims {
  const payload = decodePayload(token);
  const accountId = toPositiveInteger(valueAt(payload, 'account_id'));
  const apiDomain = toText(valueAt(payload, 'api_domain'));
  const baseDomain = toText(valueAt(payload, 'base_domain'));
  const expiresAt = toPositiveInteger(valueAt(payload, 'exp'));
  return {
    ...(accountId === undefined ? {} : { accountId }),
    ...(apiDomain === undefined ? {} : { apiDomain }),
    ...(baseDomain === undefined ? {} : { baseDomain }),
    ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt * 1000 }),
  };
}

function readToken(body: unknown, name: string): string {
  const token = valueAt(body, name);
  if (typeof token === 'string' && TOKEN.test(token)) return token;
  throw unreadableResponse(`no ${name}`);
}

/** Reads a response with status 200 of the token endpoint. Throws TransientError `kommo_unavailable` when a token is missing. */
export function readTokenPair(body: unknown): TokenPair {
  const accessToken = readToken(body, 'access_token');
  return {
    accessToken: Secret.of(accessToken),
    refreshToken: Secret.of(readToken(body, 'refresh_token')),
    expiresInSeconds: toPositiveInteger(valueAt(body, 'expires_in')),
    claims: readClaims(accessToken),
  };
}
