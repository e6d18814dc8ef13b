import { type RateRule, strictRule } from '#database';

/** The vendors' limits as they are configured. */
export interface VendorLimits {
  readonly kommoRequestsPerSecond: number;
  readonly kommoAccountRequestsPerSecond: number;
  readonly unisenderRequestsPerMinute: number;
}

/** async/exportContacts has a limit of its own (reference/unisender.md 3). */
const EXPORTS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;

/** A tenth may leave at once, and the rest is spread so that no window of a minute ever has more than all. */
function perMinute(limit: number): RateRule {
  const burst = Math.max(1, Math.floor(limit / 10));
  return { intervalMs: MINUTE_MS / Math.max(1, limit - burst), burst };
}

/** The limit behind each key under which the clients ask for a request. */
export function rateRules(limits: VendorLimits): (key: string) => RateRule {
  const deployment = strictRule(limits.kommoRequestsPerSecond);
  const account = strictRule(limits.kommoAccountRequestsPerSecond);
  const unisender = perMinute(limits.unisenderRequestsPerMinute);
  const exports = perMinute(EXPORTS_PER_MINUTE);
  return (key) => {
    if (key === 'kommo') return deployment;
    if (key.startsWith('kommo:')) return account;
    return key.startsWith('unisender-export:') ? exports : unisender;
  };
}
