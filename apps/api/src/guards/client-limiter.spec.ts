import { describe, expect, it } from '@jest/globals';
import { ClientLimiter } from './client-limiter.js';

const MINUTE_MS = 60_000;

function limiterAt(limit: number) {
  const time = { nowMs: 1_000 * MINUTE_MS };
  const clock = { nowMs: () => time.nowMs, sleep: () => Promise.resolve() };
  const limiter = new ClientLimiter(limit, clock);
  const hits = (ip: string, count: number) =>
    Array.from({ length: count }, () => limiter.consume(ip)).filter((wait) => wait === undefined).length;
  return { limiter, time, hits };
}

describe('ClientLimiter', () => {
  it('allows the limit, then returns how long to wait', () => {
    const { limiter, hits } = limiterAt(3);
    expect(hits('192.0.2.1', 5)).toBe(3);
    expect(limiter.consume('192.0.2.1')).toBe(60);
    expect(limiter.consume('192.0.2.2')).toBeUndefined();
  });

  it('slides: no client gets twice the limit at the edge of a minute', () => {
    const { time, hits } = limiterAt(60);
    time.nowMs += MINUTE_MS - 1;
    expect(hits('192.0.2.1', 100)).toBe(60);
    time.nowMs += 2;
    expect(hits('192.0.2.1', 100)).toBeLessThanOrEqual(1);
    time.nowMs += MINUTE_MS / 2;
    expect(hits('192.0.2.1', 100)).toBeLessThanOrEqual(30);
    time.nowMs += 2 * MINUTE_MS;
    expect(hits('192.0.2.1', 100)).toBe(60);
  });

  it('counts an IPv6 network as one client', () => {
    const { limiter, hits } = limiterAt(2);
    expect(hits('2001:db8:1:2::1', 1) + hits('2001:db8:1:2:ffff::9', 2)).toBe(2);
    expect(limiter.consume('2001:db8:1:3::1')).toBeUndefined();
    expect(limiter.consume('::ffff:192.0.2.1')).toBeUndefined();
  });

  it('S11: counts every /64 of an IPv6 site, with a higher limit', () => {
    const { limiter, hits } = limiterAt(3);
    const allowed = Array.from({ length: 40 }, (_, index) => hits(`2001:db8:1:${index}::1`, 1)).reduce((sum, count) => sum + count, 0);
    expect(allowed).toBe(12);
    expect(limiter.consume('2001:db8:2::1')).toBeUndefined();
  });

  it('S11: counts every way to write an IP as one client', () => {
    const { hits } = limiterAt(2);
    const forms = ['2001:db8::1', '2001:DB8:0:0::2', '2001:0db8:0000::3', '2001:db8:0:0:1::'];
    expect(forms.map((ip) => hits(ip, 1))).toEqual([1, 1, 0, 0]);
    expect(['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201'].map((ip) => hits(ip, 1))).toEqual([1, 1, 0]);
  });

  it('keeps a bounded number of clients', () => {
    const { limiter } = limiterAt(1);
    for (let i = 0; i < 50_000; i += 1) limiter.consume(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(limiter.consume('10.0.0.0')).toBeUndefined();
    expect(limiter.consume('10.0.195.79')).toBeDefined();
  });
});
