import { describe, expect, it } from '@jest/globals';
import { ClientIps, findIpv6Networks, toCanonicalIp, type TrustedProxies } from './client-ip.js';

describe('S11: toCanonicalIp', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:51234', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('writes %s as %s', (text, ip) => {
    expect(toCanonicalIp(text)).toBe(ip);
  });

  it.each(['', 'unknown', '_hidden', '1.2.3', '1.2.3.4.5', '256.1.1.1', '2001:db8::1::2', 'localhost', '1'.repeat(10_000), '[::1'])(
    'refuses %s',
    (text) => {
      expect(toCanonicalIp(text)).toBeUndefined();
    },
  );
});

describe('S11: findIpv6Networks', () => {
  it.each([
    ['2001:db8:1:2::9', '2001:db8:1:2/64', '2001:db8:1/48'],
    ['2001:db8::9', '2001:db8:0:0/64', '2001:db8:0/48'],
    ['2001:db8:0:1::', '2001:db8:0:1/64', '2001:db8:0/48'],
    ['::1', '0:0:0:0/64', '0:0:0/48'],
  ])('returns for %s the networks %s and %s', (ip, subnet, site) => {
    expect(findIpv6Networks(ip)).toEqual({ subnet, site });
  });

  it('returns undefined for an IPv4 client', () => {
    expect(findIpv6Networks('192.0.2.1')).toBeUndefined();
  });
});

describe('S11: the client IP', () => {
  const PROXY = '10.0.0.1';
  const CLIENT = '192.0.2.1';

  it.each<[TrustedProxies, string | undefined, string]>([
    [false, CLIENT, PROXY],
    [0, CLIENT, PROXY],
    [1, undefined, PROXY],
    [1, '', PROXY],
    [1, CLIENT, CLIENT],
    [1, `8.8.8.8, ${CLIENT}`, CLIENT],
    [true, `8.8.8.8, ${CLIENT}`, CLIENT],
    [2, `8.8.8.8, ${CLIENT}, 10.0.0.2`, CLIENT],
    [9, `8.8.8.8, ${CLIENT}`, '8.8.8.8'],
    [1, `8.8.8.8, unknown`, PROXY],
    [2, `unknown, ${CLIENT}`, CLIENT],
    [1, `${CLIENT}:4711`, CLIENT],
    [1, '2001:0db8::0001', '2001:db8::1'],
    [['10.0.0.0/8'], `8.8.8.8, ${CLIENT}, 10.0.0.2`, CLIENT],
    [['uniquelocal'], `8.8.8.8, ${CLIENT}`, CLIENT],
    [['10.0.0.2'], CLIENT, PROXY],
    [['loopback'], CLIENT, PROXY],
    [['::/0', '0.0.0.0/0'], `8.8.8.8, ${CLIENT}`, '8.8.8.8'],
  ])('with TRUST_PROXY %j and X-Forwarded-For %j is %s', (trusted, forwardedFor, ip) => {
    expect(new ClientIps(trusted).find({ remoteAddress: PROXY, forwardedFor })).toBe(ip);
  });

  it('is the same for a socket that listens on IPv4 and IPv6', () => {
    expect(new ClientIps(['10.0.0.1']).find({ remoteAddress: '::ffff:10.0.0.1', forwardedFor: CLIENT })).toBe(CLIENT);
  });

  it('is found in a bounded time in a header of any length', () => {
    const started = performance.now();
    for (let round = 0; round < 100; round += 1) {
      new ClientIps(['0.0.0.0/0']).find({ remoteAddress: PROXY, forwardedFor: `${'1.1.1.1,'.repeat(100_000)}${CLIENT}` });
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
