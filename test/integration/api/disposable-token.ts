import { createHmac } from 'node:crypto';
import { systemClock } from '#clock';
import { CLIENT_ID, CLIENT_SECRET } from './api-scene.js';

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Signs a disposable token as Kommo does (reference/kommo.md 2), of an administrator of the account. */
export function signDisposableToken(accountId: number, claims: Readonly<Record<string, unknown>> = {}): string {
  const nowSeconds = Math.floor(systemClock.nowMs() / 1_000);
  const payload = {
    iss: `https://company${accountId}.kommo.com`,
    aud: 'https://sync.example.org',
    jti: 'b9f1a1c4-0000-4000-8000-000000000000',
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + 900,
    account_id: accountId,
    subdomain: `company${accountId}`,
    client_uuid: CLIENT_ID,
    user_id: 7,
    is_admin: true,
    ...claims,
  };
  const signed = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', CLIENT_SECRET).update(signed).digest('base64url')}`;
}
