import { describe, expect, it } from '@jest/globals';
import { rateRules } from './rate-rules.js';

const limits = {
  kommoRequestsPerSecond: 7,
  kommoAccountRequestsPerSecond: 5,
  unisenderRequestsPerMinute: 1_200,
  unisenderTotalRequestsPerMinute: 600,
  unisenderTotalExportsPerMinute: 10,
};
const ruleOf = (key: string) => {
  const rule = rateRules(limits)(key);
  if (!rule) throw new Error(`${key} has no limit`);
  return rule;
};

/** The most requests that can leave within any window: a burst, and what the interval gives meanwhile. */
const mostWithin = (key: string, windowMs: number) => {
  const { burst, intervalMs } = ruleOf(key);
  return burst + Math.floor(windowMs / intervalMs);
};

describe('rateRules', () => {
  it.each([
    ['kommo', 1_000, 7],
    ['kommo:123', 1_000, 5],
    ['kommo:acme.kommo.com', 1_000, 5],
    ['unisender:0123', 60_000, 1_200],
    ['unisender-export:0123', 60_000, 20],
    ['kommo-exchange', 60_000, 60],
    ['unisender', 60_000, 600],
    ['unisender-export', 60_000, 10],
  ])('keeps the limit of %s in any %d ms', (key, windowMs, limit) => {
    expect(mostWithin(key, windowMs)).toBeLessThanOrEqual(limit);
    expect(mostWithin(key, windowMs)).toBeGreaterThanOrEqual(Math.floor(limit * 0.9));
  });

  it.each(['kommo', 'kommo:1', 'unisender', 'unisender:0123', 'unisender-export'])(
    'switches the limit of %s off from 100,000 on',
    (key) => {
      const off = Object.fromEntries(Object.keys(limits).map((name) => [name, 100_000])) as typeof limits;
      expect(rateRules(off)(key)).toBeUndefined();
    },
  );

  it('has no limit for other keys', () => expect(rateRules(limits)('kommo-host:acme.kommo.com')).toBeUndefined());

  it('allows one request to Kommo at once, and a tenth of the limit to Unisender', () => {
    expect([ruleOf('kommo').burst, ruleOf('kommo:123').burst, ruleOf('unisender:0123').burst]).toEqual([1, 1, 120]);
  });
});
