import type { Config } from '#config';
import type { RateRule } from './plan-reservation.js';

/** The vendors' limits in the configuration. */
export type VendorLimits = Pick<Config, 'kommoRequestsPerSecond' | 'kommoAccountRequestsPerSecond' | 'unisenderRequestsPerMinute'>;

/** async/exportContacts has a limit of its own (reference/unisender.md 3). */
const EXPORTS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;
/** 6 %: requests arrive with the jitter of the network. */
const JITTER_FACTOR = 1.06;

/** The shortest interval that keeps the limit of `perSecond` requests in any second. */
export const strictRule = (perSecond: number): RateRule => ({ intervalMs: Math.ceil((1000 / perSecond) * JITTER_FACTOR), burst: 1 });

/** A tenth may leave at once. The rest is spread, so that no window of a minute has more than the limit. */
function perMinute(limit: number): RateRule {
  const burst = Math.max(1, Math.floor(limit / 10));
  return { intervalMs: MINUTE_MS / Math.max(1, limit - burst), burst };
}

/** Returns the limit of each key that the vendors' clients use. */
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
