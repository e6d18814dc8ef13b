import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '#domain';
import type { ServiceLogger } from '#logging';

const RESPONSE = Symbol('response');
const MAX_SHOWN_LENGTH = 20;

type LoggedRequest = FastifyRequest & { [RESPONSE]?: unknown };

/** Not logged: health probes, which come every few seconds, and accepted Kommo webhooks, which are in the events table. */
const isQuiet = (url: string, status: number) => url.startsWith('/health/') || (status === 200 && url.startsWith('/webhook/'));

/** `Sync` for `/sync/contacts?id=1`. */
function serviceOf(url: string): string {
  const [name = ''] = url.slice(1).split(/[/?]/, 1);
  return name === '' ? 'Api' : name.charAt(0).toUpperCase() + name.slice(1, 30);
}

/** Query and body; of a raw body only its size. */
function inputOf({ query, body }: FastifyRequest): Record<string, unknown> {
  const sent = Buffer.isBuffer(body) ? { bytes: body.length } : (body as object | undefined);
  return { ...(query as object | undefined), ...sent };
}

const isShort = (value: unknown) => (typeof value === 'string' ? value.length <= MAX_SHOWN_LENGTH : typeof value === 'number');

/** A refused request may carry a secret in a field that masking does not know: only short values are logged. */
function refusedInputOf(request: FastifyRequest): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputOf(request)).map(([name, value]) => [name, isShort(value) ? value : '…']));
}

/** Logs every request with its input and its response, once the response is sent. */
export function addRequestLog(fastify: FastifyInstance, logger: Pick<ServiceLogger, 'logRequest'>, clock: Clock): void {
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
    logger.logRequest({
      service: serviceOf(request.url),
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
