import { describe, expect, it } from '@jest/globals';
import { describeEndpoint, type Endpoint, rankEndpoints } from './endpoint.js';

const servers: Endpoint[] = [{ host: 'a', port: 11_300 }, { host: 'b', port: 11_300 }, { path: '/run/c.sock' }];
const keys = Array.from({ length: 3_000 }, (_, index) => String(index));
const bestOf = (among: readonly Endpoint[], key: string) => rankEndpoints(among, key).map(describeEndpoint)[0];

describe('rankEndpoints', () => {
  it('returns the same order for every order of the list', () => {
    for (const key of keys.slice(0, 50)) expect(rankEndpoints(servers, key)).toEqual(rankEndpoints([...servers].reverse(), key));
  });

  it('spreads keys evenly', () => {
    for (const server of servers) {
      const share = keys.filter((key) => bestOf(servers, key) === describeEndpoint(server)).length;
      expect(share).toBeGreaterThan(900);
      expect(share).toBeLessThan(1_100);
    }
  });

  it('moves only the keys of a removed server', () => {
    const left = servers.slice(1);
    const stayed = keys.filter((key) => bestOf(servers, key) !== 'a:11300');
    for (const key of stayed) expect(bestOf(left, key)).toBe(bestOf(servers, key));
  });
});
