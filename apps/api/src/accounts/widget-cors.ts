import type { FastifyInstance } from 'fastify';

const ALLOWED = {
  'Access-Control-Allow-Methods': 'GET,POST,OPTIONS',
  'Access-Control-Allow-Headers': 'X-Auth-Token, Content-Type, X-Requested-With',
  'Access-Control-Max-Age': '600',
};

/** Whether the origin is a Kommo account's: `https://<account>.<allowed domain>`. */
export function isKommoOrigin(origin: string, allowedDomains: readonly string[]): boolean {
  const host = /^https:\/\/([a-z0-9.-]+)$/.exec(origin)?.[1] ?? '';
  return allowedDomains.some((domain) => host.endsWith(`.${domain}`) && /^[a-z0-9-]+$/.test(host.slice(0, -domain.length - 1)));
}

const WIDGET_ROUTE = /^\/widget(\/(status|options|failures|actions))?\/?(\?|$)/;

/** Allows pages of Kommo, and no others, to read the responses of the widget's routes, errors too (reference/kommo.md 2). */
export function addWidgetCors(fastify: FastifyInstance, allowedDomains: readonly string[]): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!WIDGET_ROUTE.test(request.url)) return done();
    const { origin } = request.headers;
    void reply.header('Vary', 'Origin');
    if (origin !== undefined && isKommoOrigin(origin, allowedDomains)) {
      void reply.headers({ ...ALLOWED, 'Access-Control-Allow-Origin': origin, 'Cross-Origin-Resource-Policy': 'cross-origin' });
    }
    done();
  });
}
