import Fastify from 'fastify';
import { parse } from 'qs';

/**
 * The bare counterpart of the webhook route: Fastify parses the same form with `qs` and responds. It stores nothing. Prints its port.
 */
const fastify = Fastify({ bodyLimit: 4 * 1024 * 1024 });
fastify.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
  done(null, parse(String(body), { depth: 10, parameterLimit: 10_000 }));
});
fastify.post('/webhook/:token', (request) => {
  const { contacts } = request.body as { contacts?: Record<string, readonly unknown[]> };
  const accepted = Object.values(contacts ?? {}).reduce((sum, list) => sum + list.length, 0);
  return { status: 'success', data: { accepted }, code: 200, message: '' };
});
const address = await fastify.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${new URL(address).port}\n`);
