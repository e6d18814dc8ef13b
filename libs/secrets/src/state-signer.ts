import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Secret } from '#domain';

/** The content of a signed OAuth `state`. `exp` is in seconds since the epoch. */
export interface StatePayload {
  readonly account_id: number;
  readonly client_id: string;
  readonly nonce: string;
  readonly exp: number;
}

const MAX_STATE_LENGTH = 2_048;

function parsePayload(encoded: string): StatePayload | undefined {
  const payload = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')) as Partial<StatePayload> | null;
  const { account_id, client_id, nonce, exp } = payload ?? {};
  const isComplete =
    typeof account_id === 'number' && typeof client_id === 'string' && typeof nonce === 'string' && typeof exp === 'number';
  return isComplete ? { account_id, client_id, nonce, exp } : undefined;
}

/**
 * Signs and verifies the `state` of the consent flow: `<payload>.<mac>`, both in base64url, HMAC-SHA256. A state expires. The caller
 * must store the nonce to make it single-use.
 */
export class StateSigner {
  readonly #key: Buffer;

  /** Derives the signing key from `key`, which may also be an encryption key. */
  constructor(key: Secret) {
    this.#key = Buffer.from(hkdfSync('sha256', key.reveal(), '', 'oauth-state', 32));
  }

  /** Signs a payload. The state needs no escaping in a URL. */
  signState(payload: StatePayload): string {
    const { account_id, client_id, nonce, exp } = payload;
    const encoded = Buffer.from(JSON.stringify({ account_id, client_id, nonce, exp })).toString('base64url');
    return `${encoded}.${this.#mac(encoded).toString('base64url')}`;
  }

  /** Returns the payload. Undefined when the state is not ours, was changed, or has expired at `nowSeconds`. Never throws. */
  verifyState(state: string, nowSeconds: number): StatePayload | undefined {
    const [encoded, mac, ...rest] = state.length <= MAX_STATE_LENGTH ? state.split('.') : [];
    if (!encoded || !mac || rest.length > 0) return undefined;
    if (!this.#isOurs(encoded, Buffer.from(mac, 'base64url'))) return undefined;
    const payload = parsePayload(encoded);
    return payload && payload.exp > nowSeconds ? payload : undefined;
  }

  #isOurs(encoded: string, mac: Buffer): boolean {
    const expected = this.#mac(encoded);
    return mac.length === expected.length && timingSafeEqual(mac, expected);
  }

  #mac(encoded: string): Buffer {
    return createHmac('sha256', this.#key).update(encoded).digest();
  }
}
