import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '#domain';
import { findTokenClientId, verifyDisposableToken } from './disposable-token.js';
import { DisposableTokenRefusedError } from './kommo-errors.js';

const SECRET = 'test-secret-key-0123456789abcdef';
const CLIENT_ID = '0b0123f4-d123-4123-9123-e09f123456ca';

const claims = {
  iss: 'https://subdomain.kommo.com',
  aud: 'https://external.integration.io',
  jti: 'd123f123-5123-4123-a123-ed123ef123fa',
  iat: 1594204245,
  nbf: 1594204245,
  exp: 1594206045,
  account_id: 12345678,
  user_id: 87654321,
  subdomain: 'subdomain',
  client_uuid: CLIENT_ID,
};

const check = {
  clientId: CLIENT_ID,
  clientSecret: Secret.of(SECRET),
  redirectUri: 'https://external.integration.io:8443/auth',
  allowedDomains: ['kommo.com', 'amocrm.ru'],
  nowSeconds: 1594205000,
};

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(payload: object, { alg = 'HS256', hash = 'sha256', secret = SECRET } = {}): string {
  const signed = `${encode({ typ: 'JWT', alg })}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

describe('verifyDisposableToken', () => {
  it('S05: accepts a valid token; the user is an administrator only if it says so', () => {
    expect(verifyDisposableToken(sign(claims), check)).toEqual({
      accountId: 12345678,
      userId: 87654321,
      isAdmin: undefined,
      subdomain: 'subdomain',
      host: 'subdomain.kommo.com',
    });
    expect(verifyDisposableToken(sign({ ...claims, is_admin: true }), check).isAdmin).toBe(true);
    for (const claim of [false, 'true', 1, null]) {
      expect(verifyDisposableToken(sign({ ...claims, is_admin: claim }), check).isAdmin).toBe(false);
    }
  });

  it.each([
    ['alg none', `${encode({ alg: 'none' })}.${encode(claims)}.`],
    ['alg none with a signature', sign(claims, { alg: 'none' })],
    ['HS512', sign(claims, { alg: 'HS512', hash: 'sha512' })],
    ['HS512 said of HS256', sign(claims, { alg: 'HS512' })],
    ['another secret', sign(claims, { secret: 'other' })],
    ['a changed claim', sign(claims).replace(encode(claims), encode({ ...claims, account_id: 1 }))],
    ['another client', sign({ ...claims, client_uuid: 'other' })],
    ['another audience', sign({ ...claims, aud: 'https://evil.test' })],
    ['another scheme', sign({ ...claims, aud: 'http://external.integration.io' })],
    ['no audience', sign({ ...claims, aud: undefined })],
    ['a foreign issuer', sign({ ...claims, iss: 'https://subdomain.evil.test' })],
    ['an issuer without TLS', sign({ ...claims, iss: 'http://subdomain.kommo.com' })],
    ['the issuer of another account', sign({ ...claims, iss: 'https://elsewhere.kommo.com' })],
    ['an issuer with a port', sign({ ...claims, iss: 'https://subdomain.kommo.com:8443' })],
    ['another subdomain', sign({ ...claims, subdomain: 'sub' })],
    ['no subdomain', sign({ ...claims, subdomain: undefined })],
    ['a list of audiences', sign({ ...claims, aud: [claims.aud] })],
    ['no account', sign({ ...claims, account_id: undefined })],
    ['no expiry', sign({ ...claims, exp: undefined })],
    ['no begin', sign({ ...claims, nbf: undefined })],
    ['an expiry that is no whole number', sign({ ...claims, exp: '1594206045.5' })],
    ['no token', ''],
    ['four parts', `${sign(claims)}.x`],
    ['padding', `${sign(claims)}=`],
    ['a long text', 'a'.repeat(100_000)],
    ['no JSON', 'YQ.YQ.YQ'],
  ])('R44: rejects %s', (_name, token) => {
    expect(() => verifyDisposableToken(token, check)).toThrow(DisposableTokenRefusedError);
  });

  it.each([
    [claims.exp + 59, true],
    [claims.exp + 61, false],
    [claims.nbf - 59, true],
    [claims.nbf - 61, false],
  ])('R44: is valid at second %d: %p', (nowSeconds, isValid) => {
    const verify = () => verifyDisposableToken(sign(claims), { ...check, nowSeconds });
    if (isValid) expect(verify().accountId).toBe(12345678);
    else expect(verify).toThrow(/expired or not valid yet/);
  });

  it.each([
    [{ exp: claims.nbf + 3_600 }, true],
    [{ exp: claims.nbf + 3_601 }, false],
    [{ exp: claims.nbf + 3_600, iat: claims.nbf - 1 }, false],
    [{ exp: claims.nbf + 3_600, iat: undefined }, true],
    [{ exp: 9_999_999_999 }, false],
  ])('S23: with the times %j is accepted: %p', (times, isAccepted) => {
    const verify = () => verifyDisposableToken(sign({ ...claims, ...times }), check);
    if (isAccepted) expect(verify().accountId).toBe(12345678);
    else expect(verify).toThrow(/valid for more than an hour/);
  });

  it('rejects a signature made with an empty secret', () => {
    const token = sign(claims, { secret: '' });
    expect(() => verifyDisposableToken(token, { ...check, clientSecret: Secret.of('') })).toThrow(DisposableTokenRefusedError);
  });

  it('reads the client id without verifying the token', () => {
    expect(findTokenClientId(sign(claims, { secret: 'other' }))).toBe(CLIENT_ID);
    expect(findTokenClientId('x')).toBeUndefined();
  });
});
