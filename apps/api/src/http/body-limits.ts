import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import { InvalidInputError } from '#domain';
import { AddRouteConfig } from './route-registry.js';

/** Enough for every body that is neither a webhook nor a list of addresses. */
const MAX_BODY_BYTES = 64 * 1_024;
/** For webhooks, and for lists of addresses from the operator. */
export const MAX_LARGE_BODY_BYTES = 4 * 1_024 * 1_024;

/** What a route declares when its handler gets the body's bytes and decodes them itself. */
export const rawBody: FastifyContextConfig = { keepsRawBody: true, maxBodyBytes: MAX_LARGE_BODY_BYTES };

/** The handler gets the body's bytes and decodes them itself: it verifies a signature, or keeps what cannot be decoded. */
export const RawBody = (): MethodDecorator => AddRouteConfig(rawBody);

/** The route accepts bodies of up to 4 MB. */
export const LargeBody = (): MethodDecorator => AddRouteConfig({ maxBodyBytes: MAX_LARGE_BODY_BYTES });

/** The largest body that a route accepts. Routes that anyone may call accept none. */
export function maxBodyBytesOf({ maxBodyBytes, audience }: FastifyContextConfig): number {
  if (maxBodyBytes !== undefined) return maxBodyBytes;
  return audience === 'operator' || audience === 'widget' ? MAX_BODY_BYTES : 0;
}

/** The error of a body above the limit. */
export function bodyTooLarge(maxBytes: number): InvalidInputError {
  const problem = maxBytes === 0 ? 'must be empty' : `must not have more than ${maxBytes} bytes`;
  return new InvalidInputError(`The body ${problem}`, { code: 'body_too_large', fields: [{ field: 'body', problem }] });
}

type Headers = Pick<FastifyRequest, 'headers'>;

/** The length of the body that the headers declare: 0 without a body, undefined for a body in chunks. */
export function findBodyLength({ headers }: Headers): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/** Whether the body is compressed. Compressed bodies are never unpacked. */
export const isCoded = ({ headers }: Headers): boolean => (headers['content-encoding'] ?? 'identity') !== 'identity';
