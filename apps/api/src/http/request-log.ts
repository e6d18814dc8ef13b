import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '#domain';
import type { ApiLogger } from '../parts.js';

const RESPONSE = Symbol('response');
const MAX_SHOWN_LENGTH = 20;

type LoggedRequest = FastifyRequest & { [RESPONSE]?: unknown };

/** Probes come every few seconds and say nothing; a hook that was taken stands in the inbox, where the operator sees more of it. */
const isQuiet = (url: string, status: number) => url.startsWith('/health/') || (status === 200 && url.startsWith('/webhook/'));

/** `/sync/contacts?id=1` is of `Sync`. */
function areaOf(url: string): string {
  const [area = ''] = url.slice(1).split(/[/?]/, 1);
  return area === '' ? 'Api' : area.charAt(0).toUpperCase() + area.slice(1, 30);
}

/** A hook's body is worth more in the inbox than here: only its size is logged. */
function inputOf({ query, body }: FastifyRequest): Record<string, unknown> {
  const sent = Buffer.isBuffer(body) ? { bytes: body.length } : (body as object | undefined);
  return { ...(query as object | undefined), ...sent };
}

const isShort = (value: unknown) => (typeof value === 'string' ? value.length <= MAX_SHOWN_LENGTH : typeof value === 'number');

/** What was refused may be a secret in a wrong field, whose name would have hidden it: only short values are shown. */
function refusedInputOf(request: FastifyRequest): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputOf(request)).map(([name, value]) => [name, isShort(value) ? value : '…']));
}

/** Logs every request with its input and its answer, once it is answered. */
export function addRequestLog(fastify: FastifyInstance, logger: ApiLogger, clock: Clock): void {
  const started = new WeakMap<FastifyRequest, number>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    started.set(request, clock.nowMs());
    done();
  });
  fastify.addHook('preSerialization', (request: LoggedRequest, _reply, payload, done) => {
    request[RESPONSE] = payload;
    done(null, payload);
  });
  fastify.addHook('onResponse', (request: LoggedRequest, reply, done) => {
    done();
    if (isQuiet(request.url, reply.statusCode)) return;
    logger.requestLog({
      service: areaOf(request.url),
      method: request.method,
      path: request.url.split('?', 1)[0] ?? '',
      input: reply.statusCode >= 400 ? refusedInputOf(request) : inputOf(request),
      status: reply.statusCode,
      response: request[RESPONSE] ?? null,
      durationMs: clock.nowMs() - (started.get(request) ?? clock.nowMs()),
      correlationId: request.id,
    });
  });
}
