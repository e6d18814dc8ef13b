import { BlockList, isIP, SocketAddress } from 'node:net';

/** Which proxies may name the client: so many hops before this process, or these IPs, networks and names of networks. */
export type TrustedProxies = boolean | number | readonly string[];

/** What names the client of a request. */
export interface ClientHints {
  /** The other end of the socket. */
  readonly remoteAddress: string | undefined;
  /** The header `X-Forwarded-For`. */
  readonly forwardedFor: string | undefined;
}

/** No chain of proxies is longer. */
const MAX_HOPS = 32;
/** `[` + 39 characters of an IPv6 address + `]:65535`. */
const MAX_ENTRY_LENGTH = 47;
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d{1,5})?|(\d[\d.]*):\d{1,5})$/;
const MAPPED_IPV4 = /^::ffff:([\d.]+)$/;

const networks: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

const familyOf = (ip: string) => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');

/** Returns an IP in its one canonical form, without port and zone; undefined for anything else. */
export function toCanonicalIp(text: string): string | undefined {
  if (text.length > MAX_ENTRY_LENGTH) return undefined;
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? [];
  const ip = (ipv6 ?? ipv4 ?? text).replace(/%.*$/, '');
  if (isIP(ip) === 0) return undefined;
  const { address } = new SocketAddress({ address: ip, family: familyOf(ip) });
  return MAPPED_IPV4.exec(address)?.[1] ?? address;
}

/** The eight groups of a canonical IPv6 address. */
function groupsOf(ip: string): string[] {
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  return [...before, ...new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
}

/** The networks of an IPv6 client that count as one: a subscriber has a /64 at least, and often a /48. */
export function findIpv6Networks(ip: string): { readonly subnet: string; readonly site: string } | undefined {
  if (!ip.includes(':')) return undefined;
  const groups = groupsOf(ip);
  return { subnet: `${groups.slice(0, 4).join(':')}/64`, site: `${groups.slice(0, 3).join(':')}/48` };
}

function toBlockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries.flatMap((name) => networks[name] ?? [name])) {
    const [ip = '', bits] = entry.split('/');
    if (bits === undefined) list.addAddress(ip, familyOf(ip));
    else list.addSubnet(ip, Number(bits), familyOf(ip));
  }
  return list;
}

/** Finds the client's IP. `X-Forwarded-For` counts only as far as trusted proxies wrote it. */
export class ClientIps {
  private readonly isTrusted: (ip: string, hop: number) => boolean;

  constructor(trusted: TrustedProxies) {
    if (typeof trusted === 'object') {
      const list = toBlockList(trusted);
      this.isTrusted = (ip) => list.check(ip, familyOf(ip));
      return;
    }
    const hops = Number(trusted);
    this.isTrusted = (_ip, hop) => hop < hops;
  }

  /** Returns a canonical IP; `unknown` for a socket that is closed already. An entry that is no IP ends the search. */
  find({ remoteAddress = '', forwardedFor = '' }: ClientHints): string {
    let client = toCanonicalIp(remoteAddress);
    if (client === undefined) return 'unknown';
    let end = forwardedFor.length;
    for (let hop = 0; hop < MAX_HOPS && end > 0 && this.isTrusted(client, hop); hop += 1) {
      const start = forwardedFor.lastIndexOf(',', end - 1);
      const next = toCanonicalIp(forwardedFor.slice(start + 1, end).trim());
      if (next === undefined) break;
      client = next;
      end = start;
    }
    return client;
  }
}
