import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { isPublicAddress, publicLookup } from './public-address.js';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '95.213.1.1', '172.15.0.1', '172.32.0.1', '100.63.255.255', '100.128.0.1', '2606:4700::1111', '2a02:6b8::1'])(
    'S21: accepts %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['link-local', '169.254.169.254'],
    ['shared by a provider', '100.64.0.1'],
    ['shared by a provider', '100.127.255.254'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['documentation', '192.0.2.1'],
    ['benchmarking', '198.18.0.1'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['link-local', 'fe80::1'],
    ['link-local', 'fe80::1%eth0'],
    ['unique local', 'fd00::1'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['IPv4-mapped', '::ffff:127.0.0.1'],
    ['IPv4-mapped', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::7f00:1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64', '64:ff9b::808:808'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['discard', '100::1'],
    ['no IP', 'example.org'],
    ['no IP', ''],
  ])('S21: refuses an address that is %s: %s', (_kind, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('publicLookup', () => {
  const asked: string[] = [];
  const resolve: LookupFunction = (hostname, _options, callback) => {
    asked.push(hostname);
    const resolved: LookupAddress[] = ['10.0.0.1', '8.8.8.8', '::1', '2606:4700::1111'].map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    callback(null, resolved);
  };

  it('S21: gives the socket the addresses that it checked, after one resolution', () => {
    const results: unknown[] = [];
    publicLookup(resolve)('vendor.test', { all: true }, (error, addresses) => results.push(error, addresses));
    publicLookup(resolve)('vendor.test', {}, (error, address, family) => results.push(error, address, family));
    const all = [
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ];
    expect(results).toEqual([null, all, null, '8.8.8.8', 4]);
    expect(asked).toEqual(['vendor.test', 'vendor.test']);
  });

  it('passes on the error of the resolver', () => {
    const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const results: unknown[] = [];
    publicLookup((_hostname, _options, callback) => callback(failure, ''))('vendor.test', {}, (error) => results.push(error));
    expect(results).toEqual([failure]);
  });
});
