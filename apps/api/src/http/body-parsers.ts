import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type BodyObject, hookBodyLimits, InvalidInputError, parseFormBody, parseJsonBody } from '#domain';
import { findRepeatedName } from './repeated-name.js';
import { AddRouteConfig } from './route-registry.js';

/** 2 MB: no webhook of Kommo is larger. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
const MAX_SHOWN_NAME_LENGTH = 64;

/** The handler gets the body's bytes and decodes them itself: it verifies a signature, or keeps what cannot be decoded. */
export const RawBody = (): MethodDecorator => AddRouteConfig({ keepsRawBody: true });

const keepsRawBody = ({ routeOptions }: FastifyRequest) => routeOptions.config.keepsRawBody === true;

/** The body of a route with {@link RawBody}; empty when the request has none. */
export const toBytes = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

type Parse = (bytes: Buffer) => unknown;

const badBody = (field: string, problem: string) =>
  new InvalidInputError(`The ${field} ${problem}`, { code: 'bad_body', fields: [{ field, problem }] });

function parseJsonObject(bytes: Buffer): BodyObject | undefined {
  const body = parseJsonBody(bytes);
  if (body === undefined) return undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badBody('body', 'must be a JSON object');
  const repeated = findRepeatedName(bytes);
  if (repeated === undefined) return body;
  throw badBody(repeated.slice(0, MAX_SHOWN_NAME_LENGTH), 'must be sent once');
}

function refuseType(): never {
  const problem = 'must be JSON (application/json) or a form (application/x-www-form-urlencoded)';
  throw Object.assign(new Error(`The body ${problem}`), { statusCode: 415 });
}

/** Decodes the body of a webhook by its content type: JSON, else a form. Throws InvalidInputError. */
export function decodeByType(bytes: Buffer, contentType: string | undefined): unknown {
  const isJson = /^application\/(.+\+)?json\b/i.test(contentType ?? '');
  return isJson ? parseJsonBody(bytes, hookBodyLimits) : parseFormBody(bytes, hookBodyLimits);
}

/** Accepts JSON and forms, and refuses any other type with 415. Routes with {@link RawBody} get the bytes of any type. */
export function addBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const add = (type: string | RegExp, parse: Parse) =>
    fastify.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (request, bytes: Buffer, done) => {
      try {
        done(null, keepsRawBody(request) ? bytes : parse(bytes));
      } catch (error) {
        done(error as Error);
      }
    });
  add(/^application\/(.+\+)?json/i, parseJsonObject);
  add(/^application\/x-www-form-urlencoded/i, parseFormBody);
  add('*', refuseType);
}
