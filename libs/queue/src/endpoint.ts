import { createHash } from 'node:crypto';

/** The address on which a beanstalkd server listens: TCP, or the path of a Unix socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** The name of a server in logs and responses: `host:port`, or the path of a Unix socket. */
export const describeEndpoint = (endpoint: Endpoint): string => ('path' in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`);

const weightOf = (endpoint: Endpoint, key: string) =>
  createHash('sha256')
    .update(`${describeEndpoint(endpoint)}\n${key}`)
    .digest('hex');

/**
 * Sorts the servers for a key, the best first (rendezvous hashing). Every process gets the same order. A server that is added
 * or removed moves only its own keys.
 */
export const rankEndpoints = (endpoints: readonly Endpoint[], key: string): Endpoint[] =>
  endpoints
    .map((endpoint) => ({ endpoint, weight: weightOf(endpoint, key) }))
    .sort((a, b) => (a.weight < b.weight ? 1 : -1))
    .map(({ endpoint }) => endpoint);
