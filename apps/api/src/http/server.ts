import { randomUUID } from 'node:crypto';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#config';
import type { Clock, Logger } from '#domain';
import type { ServiceLogger } from '#logging';
import { addWidgetCors } from '../accounts/widget-cors.js';
import { addBodyParsers, MAX_BODY_BYTES } from './body-parsers.js';
import { sendFailure } from './failure.filter.js';
import { addQueryCheck, parseQuery } from './query.js';
import { addRequestLog } from './request-log.js';
import { addSecurityHeaders, securityHeaders } from './security-headers.js';

/** A whole request must arrive within this time. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A response may need many vendor calls. */
const IDLE_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_MS = 72_000;
/** Longer than any webhook token or run id. */
const MAX_PARAM_LENGTH = 256;

type ServerLogger = Logger & Pick<ServiceLogger, 'logRequest'>;
type Trust = boolean | string[] | ((address: string, hop: number) => boolean);

/** Fastify no longer counts hops by itself. */
function toTrustProxy(trusted: boolean | number | readonly string[]): Trust {
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  return typeof trusted === 'boolean' ? trusted : [...trusted];
}

interface ServerOptions {
  readonly config: Pick<Config, 'kommoAllowedDomains' | 'publicUrl' | 'trustProxy'>;
  readonly logger: ServerLogger;
  readonly clock: Clock;
}

/** Creates the HTTP server that Nest adds its routes to: limits, parsers, headers, request log. */
export function createServer({ config, logger, clock }: ServerOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    connectionTimeout: IDLE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    trustProxy: toTrustProxy(config.trustProxy),
    genReqId: () => randomUUID(),
    routerOptions: { querystringParser: parseQuery, maxParamLength: MAX_PARAM_LENGTH },
    // Fastify refuses a malformed URL before any hook runs.
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
