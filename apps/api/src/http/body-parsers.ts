import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type BodyObject, InvalidInputError, parseFormBody, parseJsonBody } from '#domain';

/** More than any hook of Kommo's: 2 MB. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Configuration of a route whose handler gets the body's bytes: it decodes them itself, because a signature or an unreadable body matters to it. */
export const rawBodyConfig = { keepsRawBody: true };

export const RawBody = () => RouteConfig(rawBodyConfig);

const keepsRaw = (request: FastifyRequest) => (request.routeOptions.config as Partial<typeof rawBodyConfig>).keepsRawBody === true;

/** The body of such a route; a request without one has none. */
export const toBytes = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

type Parse = (bytes: Buffer) => unknown;

function parseJsonObject(bytes: Buffer): BodyObject | undefined {
  const body = parseJsonBody(bytes);
  if (body === undefined) return undefined;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  const problem = 'must be a JSON object';
  throw new InvalidInputError(`The body ${problem}`, { code: 'bad_body', fields: [{ field: 'body', problem }] });
}

function refuseType(): never {
  const problem = 'must be JSON (application/json) or a form (application/x-www-form-urlencoded)';
  throw Object.assign(new Error(`The body ${problem}.`), { statusCode: 415 });
}

/** Reads a body by its type, as our own routes and the hooks' readers do. Throws InvalidInputError. */
export function decodeByType(bytes: Buffer, contentType: string | undefined): unknown {
  return /^application\/(.+\+)?json\b/i.test(contentType ?? '') ? parseJsonBody(bytes) : parseFormBody(bytes);
}

/** Takes JSON and forms everywhere, and nothing else except where a handler wants the bytes. */
export function addBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const add = (type: string | RegExp, parse: Parse) =>
    fastify.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (request, bytes: Buffer, done) => {
      try {
        done(null, keepsRaw(request) ? bytes : parse(bytes));
      } catch (error) {
        done(error as Error);
      }
    });
  add(/^application\/(.+\+)?json/i, parseJsonObject);
  add(/^application\/x-www-form-urlencoded/i, parseFormBody);
  add('*', refuseType);
}
