import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The only IPv6 addresses that are given to hosts of the Internet. NAT64 and IPv4-mapped addresses are outside. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP belongs to the public Internet. False for every range with another use: private, loopback, link-local, multicast,
 * shared by a provider (CGNAT), IPv4-mapped, translated (NAT64, 6to4, Teredo), reserved; and for a text that is not an IP.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  const isUnicast = parsed.range() === 'unicast';
  return isUnicast && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST));
}

/** Creates the error of a connection to an address that is not public. */
export const addressNotPublic = (): NodeJS.ErrnoException =>
  Object.assign(new Error('the address is not public'), { code: 'ADDRESS_NOT_PUBLIC' });

/**
 * Returns a lookup that resolves a name to its public addresses, and fails when there is none. The socket connects to one of these:
 * no second resolution can change it.
 */
export const publicLookup =
  (resolve: LookupFunction): LookupFunction =>
  (hostname, options, callback) =>
    resolve(hostname, { ...options, all: true }, (error, resolved) => {
      if (error) return callback(error, '');
      const addresses = (resolved as LookupAddress[]).filter(({ address }) => isPublicAddress(address));
      const [first] = addresses;
      if (!first) return callback(addressNotPublic(), '');
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
    });
