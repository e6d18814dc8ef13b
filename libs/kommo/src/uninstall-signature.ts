import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '#domain';

/**
 * Whether Kommo signed this uninstall hook: HMAC-SHA256 of `<client id>|<account id>` with the client secret, in hex
 * (reference/kommo.md 3). The signature never changes, so an old hook can be replayed: ask Kommo before you delete anything.
 */
export function verifyUninstallSignature(hook: {
  readonly clientId: string;
  readonly accountId: number;
  readonly signature: string;
  readonly clientSecret: Secret;
}): boolean {
  const secret = hook.clientSecret.reveal();
  if (secret === '' || !/^[0-9a-f]{64}$/i.test(hook.signature)) return false;
  const expected = createHmac('sha256', secret).update(`${hook.clientId}|${hook.accountId}`).digest();
  return timingSafeEqual(Buffer.from(hook.signature, 'hex'), expected);
}
