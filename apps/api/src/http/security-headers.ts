import type { FastifyInstance } from 'fastify';

/** Nothing of an answer is ever run, framed or kept; pages loosen the policy for themselves. */
const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const HSTS = { 'Strict-Transport-Security': 'max-age=31536000' };

export function addSecurityHeaders(fastify: FastifyInstance, publicUrl: string): void {
  const all = publicUrl.startsWith('https:') ? { ...headers, ...HSTS } : headers;
  fastify.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(all);
    done();
  });
}
