import { createHmac, randomBytes } from 'node:crypto';

type Claims = Readonly<Record<string, unknown>>;

/** Creates a token in the form of RS256. Its signature is random, because only Kommo has the key to verify it. */
export function accessJwt(claims: Claims): string {
  const head = encode({ typ: 'JWT', alg: 'RS256', jti: claims.jti });
  return `${head}.${encode(claims)}.${randomBytes(256).toString('base64url')}`;
}

/** Creates the widget's token. The key is the client secret as plain bytes (reference kommo 2). */
export function disposableJwt(claims: Claims, secret: string): string {
  const signed = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
