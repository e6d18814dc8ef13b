import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { addWidgetCors } from '../install/widget-cors.js';
import type { ApiParts } from '../parts.js';
import { addBodyParsers, MAX_BODY_BYTES } from './body-parsers.js';
import { sendFailure } from './failure.filter.js';
import { addQueryCheck, parseQuery } from './query.js';
import { addRequestLog } from './request-log.js';
import { addSecurityHeaders, securityHeaders } from './security-headers.js';

/** A whole request has to arrive within this. */
const REQUEST_TIMEOUT_MS = 30_000;
/** An answer may wait for many calls to a vendor. */
const IDLE_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_MS = 72_000;
/** Tokens and run ids. */
const MAX_PARAM_LENGTH = 256;

type Trust = boolean | string[] | ((address: string, hop: number) => boolean);

/** Fastify does not count hops by itself any more. */
function toTrustProxy(trusted: boolean | number | readonly string[]): Trust {
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  return typeof trusted === 'boolean' ? trusted : [...trusted];
}

/** The HTTP server before Nest puts its routes on it: limits, parsers, headers, log. */
export function createServer({ config, logger, clock }: ApiParts): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    connectionTimeout: IDLE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    trustProxy: toTrustProxy(config.trustProxy),
    genReqId: () => randomUUID(),
    routerOptions: { querystringParser: parseQuery, maxParamLength: MAX_PARAM_LENGTH },
    // A URL that cannot be read is refused before any hook runs.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendFailure(error, request, reply.headers(securityHeaders(config.publicUrl)), logger),
    skipMiddie: true,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  addSecurityHeaders(fastify, config.publicUrl);
  addWidgetCors(fastify, config.kommoAllowedDomains);
  addRequestLog(fastify, logger, clock);
  addQueryCheck(fastify);
  addBodyParsers(fastify);
  return adapter;
}
