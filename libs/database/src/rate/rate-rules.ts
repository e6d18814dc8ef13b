import type { Config } from '#config';
import type { RateRule } from './plan-reservation.js';

/** The vendors' limits in the configuration. */
export type VendorLimits = Pick<
  Config,
  | 'kommoRequestsPerSecond'
  | 'kommoAccountRequestsPerSecond'
  | 'unisenderRequestsPerMinute'
  | 'unisenderTotalRequestsPerMinute'
  | 'unisenderTotalExportsPerMinute'
>;

/** A limit from here on switches the limit off, for measurements. */
const UNLIMITED = 100_000;

/** Whether a configured limit is in force. */
export const isLimited = (limit: number): boolean => limit < UNLIMITED;

/** Requests for exchanges of codes, which any client can cause. They count in the limit of the deployment, too. */
const KOMMO_EXCHANGES_PER_MINUTE = 60;
/** async/exportContacts has a limit of its own (reference/unisender.md 3). */
const EXPORTS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;
/** A request leaves this much later than its slot at most. */
const LATENESS_MS = 60;
/** 6 %: requests leave and arrive with jitter. */
const JITTER_FACTOR = 1.06;

/** The shortest interval that keeps the limit of `perSecond` requests in any second. */
export const strictRule = (perSecond: number): RateRule => ({ intervalMs: Math.ceil((1000 / perSecond) * JITTER_FACTOR), burst: 1 });

/** A tenth may leave at once. The rest is spread, so that no window of a minute has more than the limit. */
function perMinuteRule(limit: number): RateRule {
  const burst = Math.max(1, Math.floor(limit / 10));
  return { intervalMs: (MINUTE_MS + LATENESS_MS) / Math.max(1, limit - burst), burst };
}

const unlessOff = (limit: number, toRule: (limit: number) => RateRule): RateRule | undefined =>
  isLimited(limit) ? toRule(limit) : undefined;

/** Returns the limit of each key that the vendors' clients use; undefined for a key without one. */
export function rateRules(limits: VendorLimits): (key: string) => RateRule | undefined {
  const account = unlessOff(limits.kommoAccountRequestsPerSecond, strictRule);
  const unisenderKey = unlessOff(limits.unisenderRequestsPerMinute, perMinuteRule);
  const exportsOfKey = perMinuteRule(EXPORTS_PER_MINUTE);
  const deployment: Readonly<Record<string, RateRule | undefined>> = {
    kommo: unlessOff(limits.kommoRequestsPerSecond, strictRule),
    'kommo-exchange': unlessOff(limits.kommoRequestsPerSecond, () => perMinuteRule(KOMMO_EXCHANGES_PER_MINUTE)),
    unisender: unlessOff(limits.unisenderTotalRequestsPerMinute, perMinuteRule),
    'unisender-export': unlessOff(limits.unisenderTotalExportsPerMinute, perMinuteRule),
  };
  return (key) => {
    if (Object.hasOwn(deployment, key)) return deployment[key];
    if (key.startsWith('kommo:')) return account;
    if (key.startsWith('unisender:')) return unisenderKey;
    return key.startsWith('unisender-export:') ? exportsOfKey : undefined;
  };
}
