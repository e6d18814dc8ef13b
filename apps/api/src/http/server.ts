import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#config';
import type { Clock, Logger } from '#domain';
import type { ServiceLogger } from '#logging';
import { addWidgetCors } from '../accounts/widget-cors.js';
import { addBodyParsers } from './body-parsers.js';
import { sendFailure } from './failure.filter.js';
import { createLimitedServer } from './http-server.js';
import { addQueryCheck, parseQuery } from './query.js';
import { addRequestLog } from './request-log.js';
import { addSecurityHeaders, securityHeaders } from './security-headers.js';
import { SocketLimits } from './socket-limits.js';

/** Each costs up to 64 KB while its request arrives. */
const MAX_CONNECTIONS = 2_000;
const MAX_PIPELINED = 16;
const MAX_REQUESTS_PER_CONNECTION = 10_000;
/** Longer than any webhook token or run id. */
const MAX_PARAM_LENGTH = 256;

type ServerLogger = Logger & Pick<ServiceLogger, 'logRequest'>;

/** Inputs are checked by class-validator, so the bundle omits Fastify's own compilers of JSON schemas. */
const refuseSchemas = (): never => {
  throw new Error('a route must not have a schema of Fastify');
};

interface ServerOptions {
  readonly config: Pick<Config, 'kommoAllowedDomains' | 'publicUrl'>;
  readonly logger: ServerLogger;
  readonly clock: Clock;
}

/** Creates the HTTP server that Nest adds its routes to: limits, parsers, headers, request log. */
export function createServer({ config, logger, clock }: ServerOptions): FastifyAdapter {
  const sockets = new SocketLimits({
    maxConnections: MAX_CONNECTIONS,
    maxPipelined: MAX_PIPELINED,
    maxRequests: MAX_REQUESTS_PER_CONNECTION,
  });
  const adapter = new FastifyAdapter({
    serverFactory: (handler: RequestListener) => createLimitedServer(handler, sockets),
    forceCloseConnections: 'idle',
    // A request that arrives on an open connection while the process stops is served: its sender may not repeat it.
    return503OnClosing: false,
    // RefusalLimits reads X-Forwarded-For; nothing else needs it.
    trustProxy: false,
    genReqId: () => randomUUID(),
    routerOptions: { querystringParser: parseQuery, maxParamLength: MAX_PARAM_LENGTH },
    // Fastify refuses a malformed URL before any hook runs.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendFailure(error, request, reply.headers(securityHeaders(config.publicUrl)), logger),
    skipMiddie: true,
    schemaController: { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } },
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  addSecurityHeaders(fastify, config.publicUrl);
  addWidgetCors(fastify, config.kommoAllowedDomains);
  addRequestLog(fastify, logger, clock);
  addQueryCheck(fastify);
  addBodyParsers(fastify);
  fastify.addHook('preClose', (done) => {
    sockets.closeWaiting();
    done();
  });
  return adapter;
}
