import type { FastifyInstance } from 'fastify';

/** Browsers do not execute, frame or cache a response. Pages set a policy of their own. */
const headers = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const HSTS = { 'Strict-Transport-Security': 'max-age=31536000' };

/** The headers of every response; HSTS when the public URL is HTTPS. */
export const securityHeaders = (publicUrl: string): Readonly<Record<string, string>> =>
  publicUrl.startsWith('https:') ? { ...headers, ...HSTS } : headers;

/** Sets {@link securityHeaders} on every response. */
export function addSecurityHeaders(fastify: FastifyInstance, publicUrl: string): void {
  const all = securityHeaders(publicUrl);
  fastify.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(all);
    done();
  });
}
