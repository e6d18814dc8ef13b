import { createHmac, randomBytes } from 'node:crypto';

type Claims = Readonly<Record<string, unknown>>;

/** An RS256-shaped token: nobody outside Kommo holds the public key, so the signature is random bytes. */
export function accessJwt(claims: Claims): string {
  const head = encode({ typ: 'JWT', alg: 'RS256', jti: claims.jti });
  return `${head}.${encode(claims)}.${randomBytes(256).toString('base64url')}`;
}

/** The widget's token; the key is the client secret as plain bytes (reference kommo 2). */
export function disposableJwt(claims: Claims, secret: string): string {
  const signed = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
