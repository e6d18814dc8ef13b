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

/** What every answer carries; over HTTPS also that it stays so. */
export const securityHeaders = (publicUrl: string): Readonly<Record<string, string>> =>
  publicUrl.startsWith('https:') ? { ...headers, ...HSTS } : headers;

export function addSecurityHeaders(fastify: FastifyInstance, publicUrl: string): void {
  const all = securityHeaders(publicUrl);
  fastify.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(all);
    done();
  });
}
