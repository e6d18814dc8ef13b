import type { FastifyInstance } from 'fastify';
import { type BodyLimits, type BodyObject, parseFormBody } from '#domain';

const limits: BodyLimits = { maxKeys: 200, maxDepth: 4, maxListIndex: 200 };

/** Fastify parses the query while it routes, where no handler catches errors: the error is kept for the first hook. */
const FAILURE = Symbol('query failure');

type MaybeFailed = BodyObject & { [FAILURE]?: unknown };

/** Parses a query. Does not throw: an error is thrown later, by {@link addQueryCheck}. */
export function parseQuery(text: string): BodyObject {
  try {
    return parseFormBody(text, limits);
  } catch (error) {
    return Object.assign(Object.create(null) as MaybeFailed, { [FAILURE]: error });
  }
}

/** Refuses requests whose query {@link parseQuery} could not parse. */
export function addQueryCheck(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const failure = (request.query as MaybeFailed | undefined)?.[FAILURE];
    done(failure instanceof Error ? failure : undefined);
  });
}
