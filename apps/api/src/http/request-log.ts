import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Clock, valueAt } from '#domain';
import type { ServiceLogger } from '#logging';
import { requestAccountOf } from '../guards/account.guard.js';
import type { Envelope } from './envelope.js';
import { toLoggableInput, toLoggableResponse } from './loggable.js';

const RESPONSE = Symbol('response');

type LoggedRequest = FastifyRequest & { [RESPONSE]?: unknown };

/**
 * Not logged: accepted Kommo webhooks, which the inbox logs, and refusals above the limit of a client, which the metrics count.
 */
const isQuiet = (url: string, status: number) => (status === 200 && url.startsWith('/webhook/')) || status === 429;

/** The routes of the predecessors. Their requests keep the three lines; the others take one. */
const PREDECESSOR_ROUTE = /^\/(sum|integration|setup|auth|authcallback|kommo\/contacts|unisender\/contacts)\/?([?#]|$)/;

const READING_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request was accepted that repeats all the time: a read of the console, the widget or a monitor, and a webhook. */
const isRepeated = ({ method, url }: FastifyRequest, status: number) =>
  status < 400 && (READING_METHODS.has(method) || url.startsWith('/unisender/webhook/'));

/** `Sync` for `/sync/contacts?id=1`. */
function serviceOf(url: string): string {
  const [name = ''] = url.slice(1).split(/[/?]/, 1);
  return name === '' ? 'Api' : name.charAt(0).toUpperCase() + name.slice(1, 30);
}

/** Query and body; of a raw body only its size. */
function inputOf({ query, body }: FastifyRequest): object {
  const sent = Buffer.isBuffer(body) ? { bytes: body.length } : (body as object | undefined);
  return { ...(query as object | undefined), ...sent };
}

/** The envelope of an error has only texts of ours. */
function responseOf(response: unknown, status: number): unknown {
  if (typeof response !== 'object' || response === null) return null;
  const { message, data } = response as Partial<Envelope>;
  const logged = toLoggableResponse(response);
  if (status < 400 || typeof logged !== 'object') return logged;
  return { ...logged, message, error: valueAt(data, 'error') };
}

const accountIdOf = (request: FastifyRequest) => {
  const account = requestAccountOf(request);
  return account.kind === 'named' ? account.accountId : undefined;
};

/** Logs every request with what is harmless of its input and its response, once the response is sent. */
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
    const isBrief = !PREDECESSOR_ROUTE.test(request.url);
    logger.logRequest({
      isBrief,
      isPoll: isBrief && isRepeated(request, reply.statusCode),
      service: serviceOf(request.url),
      method: request.method,
      path: request.url.split('?', 1)[0] ?? '',
      input: toLoggableInput(inputOf(request)),
      accountId: accountIdOf(request),
      status: reply.statusCode,
      response: responseOf(request[RESPONSE], reply.statusCode),
      durationMs: clock.nowMs() - (started.get(request) ?? clock.nowMs()),
      correlationId: request.id,
    });
  });
}
