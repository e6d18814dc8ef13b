import type { FastifyInstance } from 'fastify';
import { type BodyObject, FormKeys, hookBodyLimits, InvalidInputError, parseFormBody, parseJsonBody } from '#domain';
import { type BodyAdmission, readBody } from './body-reader.js';
import { findRepeatedName } from './repeated-name.js';

const MAX_SHOWN_NAME_LENGTH = 64;

const admissions = new WeakMap<object, BodyAdmission>();

/** Allows the body of a request to be read. Without it, the body is refused. */
export const admitBody = (request: object, admission: BodyAdmission): void => void admissions.set(request, admission);

/** The body of a route that keeps it raw; empty when the request has none. */
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

/** Webhooks have the same keys again and again. */
const hookKeys = new FormKeys();

/** Decodes the body of a webhook by its content type: JSON, else a form. Throws InvalidInputError. */
export function decodeByType(bytes: Buffer, contentType: string | undefined): unknown {
  const isJson = /^application\/(.+\+)?json\b/i.test(contentType ?? '');
  return isJson ? parseJsonBody(bytes, hookBodyLimits) : parseFormBody(bytes, hookBodyLimits, hookKeys);
}

/** Lets no byte through. */
const notAdmitted: BodyAdmission = { maxBytes: 0, share: { take: () => false, release: () => {} } };

/** Accepts JSON and forms, and refuses any other type with 415. Routes with `RawBody` get the bytes of any type. */
export function addBodyParsers(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const add = (type: string | RegExp, parse: Parse) =>
    fastify.addContentTypeParser(type, (request, payload, done) => {
      const keepsRawBody = request.routeOptions.config.keepsRawBody === true;
      readBody(payload, admissions.get(request) ?? notAdmitted, (error, bytes = Buffer.alloc(0)) => {
        if (error) return done(error);
        try {
          done(null, keepsRawBody ? bytes : parse(bytes));
        } catch (parseError) {
          done(parseError as Error);
        }
      });
    });
  add(/^application\/(.+\+)?json/i, parseJsonObject);
  add(/^application\/x-www-form-urlencoded/i, (bytes) => parseFormBody(bytes));
  add('*', refuseType);
}
