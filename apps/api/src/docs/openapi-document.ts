import { HTTP_CODE_METADATA } from '@nestjs/common/constants.js';
import { type ErrorCode, errorCodes, errorRuleOf } from '#domain';
import type { Audience } from '../guards/audience.decorator.js';
import type { RegisteredRoute } from '../http/route-registry.js';
import type { ApiTypeName } from './api-types.js';
import type { DocumentedRoute, OtherResponse } from './documented.decorator.js';
import { listRouteErrors } from './route-errors.js';
import { readRouteInputs } from './route-inputs.js';
import { type JsonSchema, schemaOf } from './response-schemas.js';

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = JsonSchema;

type Responses = Record<string, JsonSchema>;

const mapValues = <T, R>(object: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

const DESCRIPTION = `Keeps a company's Kommo contacts in its Unisender mailing lists.

**Responses.** Every JSON response is \`{ "status", "data", "code", "message" }\`; \`code\` is the HTTP status. Health, metrics, pages
and files have no such envelope. \`data.error\` of an error is a code of the schema \`ErrorCode\`; \`data.fields\` names every bad field.
A 5xx response has a correlation id by which the log is searched.

**Requests.** Bodies are JSON or form-encoded. Times are ISO 8601 in UTC. Texts are not blank and have no control characters. \`1\` and
\`0\` count as true and false, digits as a number. The account may also be named in the query of a request with a body. Unknown fields
are ignored.

**Callers.** \`x-audience\` of each operation names its callers. \`operator\`: the operator's token. \`widget\`: Kommo's disposable token in
\`X-Auth-Token\`, or the operator's token. \`kommo\`, \`unisender\`: the secret token in the path, or a signature. \`browser\`: anyone; a signed
\`state\` protects the consent. \`public\`: anyone.`;

const securityOf: Readonly<Record<Audience, readonly JsonSchema[]>> = {
  operator: [{ operator: [] }],
  widget: [{ widget: [] }, { operator: [] }],
  public: [],
  browser: [],
  kommo: [],
  unisender: [],
};

const securitySchemes = {
  operator: { type: 'http', scheme: 'bearer', description: 'OPERATOR_TOKEN of the service.' },
  widget: { type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: "Kommo's disposable token (JWT) of a user of the account." },
};

const errorCodeSchema: JsonSchema = {
  type: 'string',
  enum: errorCodes,
  description: `Stable codes of errors. Responses show \`internal_error\` for codes of kind bug.\n\n| code | kind | status | what to do |\n| --- | --- | --- | --- |\n${errorCodes
    .map((code) => ({ code, ...errorRuleOf(code) }))
    .map(({ code, kind, httpStatus, remedy }) => `| \`${code}\` | ${kind} | ${httpStatus} | ${remedy} |`)
    .join('\n')}`,
};

const errorSchema: JsonSchema = {
  type: 'object',
  required: ['status', 'data', 'code', 'message'],
  properties: {
    status: { const: 'error' },
    code: { type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.' },
    message: { type: 'string', description: 'What is wrong, and what to do.' },
    data: {
      type: 'object',
      required: ['error'],
      properties: {
        error: { $ref: '#/components/schemas/ErrorCode' },
        fields: {
          type: 'array',
          maxItems: 100,
          items: {
            type: 'object',
            required: ['field', 'problem'],
            properties: { field: { type: 'string' }, problem: { type: 'string' } },
            additionalProperties: false,
          },
        },
        run_id: { type: 'string', description: 'The run that stands against the request.' },
        correlation_id: { type: 'string', description: 'With a 5xx status: the log has it.' },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
};

const HEADERS: Readonly<Record<number, JsonSchema>> = {
  401: { 'WWW-Authenticate': { schema: { type: 'string' } } },
  429: { 'Retry-After': { description: 'Seconds.', schema: { type: 'string' } } },
  503: { 'Retry-After': { description: 'Seconds.', schema: { type: 'string' } } },
};

function toErrorResponse(status: number, codes: readonly ErrorCode[]): JsonSchema {
  const only = { properties: { code: { const: status }, data: { properties: { error: { enum: codes } } } } };
  return {
    description: codes.map((code) => `\`${code}\`: ${errorRuleOf(code).remedy}`).join('\n\n'),
    ...(HEADERS[status] ? { headers: HEADERS[status] } : {}),
    content: { 'application/json': { schema: { allOf: [{ $ref: '#/components/schemas/Error' }, only] } } },
  };
}

/** Statuses that Fastify chooses itself for `bad_request`. */
const BAD_REQUEST_STATUSES = [400, 415];

const statusesOf = (code: ErrorCode): readonly number[] => (code === 'bad_request' ? BAD_REQUEST_STATUSES : [errorRuleOf(code).httpStatus]);

function toErrorResponses(codes: readonly ErrorCode[]): Responses {
  const statuses = [...new Set(codes.flatMap(statusesOf))].sort();
  const codesOf = (status: number) => codes.filter((code) => statusesOf(code).includes(status));
  return Object.fromEntries(statuses.map((status) => [status, toErrorResponse(status, codesOf(status))]));
}

/** The response of a success. Without `content`, `data` is in the envelope. A redirect, and 204, have no body. */
interface SuccessResponse extends OtherResponse {
  readonly status: number;
}

function toEnvelope(status: number, data: ApiTypeName | undefined): JsonSchema {
  const properties = {
    status: { const: 'success' },
    data: data ? schemaOf(data) : { type: 'null' },
    code: { const: status },
    message: { type: 'string' },
  };
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
}

function toSuccessResponse({ status, description, content, data }: SuccessResponse): JsonSchema {
  if (content) return { description, content: mapValues(content, (schema) => ({ schema: schemaOf(schema) })) };
  if (status === 204 || status >= 300) return { description };
  return { description, content: { 'application/json': { schema: toEnvelope(status, data) } } };
}

function findHandlerStatus({ handler }: DocumentedRoute): number {
  const method = handler && (handler.prototype as Readonly<Record<string | symbol, object>>)[handler.name];
  return (method && (Reflect.getMetadata(HTTP_CODE_METADATA, method) as number | undefined)) ?? 200;
}

function toSuccessResponses(route: DocumentedRoute): Responses {
  const { content, data, status = findHandlerStatus(route), otherResponses = {} } = route;
  const others = Object.entries(otherResponses).map(([code, other]) => ({ status: Number(code), ...other }));
  const responses: readonly SuccessResponse[] = [{ status, description: 'Success', ...(content ? { content } : {}), data }, ...others];
  return Object.fromEntries(responses.map((response) => [response.status, toSuccessResponse(response)]));
}

const toBody = (schema: JsonSchema, example: unknown): JsonSchema => {
  const json = { schema, ...(example === undefined ? {} : { example }) };
  return { content: { 'application/json': json, 'application/x-www-form-urlencoded': { schema } } };
};

const slug = ({ method, path }: RegisteredRoute) =>
  `${method}_${path}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '');

const tagOf = ({ path }: RegisteredRoute) => /^\/([a-z]+)/.exec(path)?.[1] ?? 'other';

function toOperation(route: RegisteredRoute, documentation: DocumentedRoute): JsonSchema {
  const { audience = 'public' } = route.config;
  const { parameters, body } = readRouteInputs(route);
  const errors = listRouteErrors(route, parameters.length > 0 || body !== undefined);
  return {
    operationId: slug(route),
    tags: [tagOf(route)],
    summary: documentation.summary,
    ...(documentation.description === undefined ? {} : { description: documentation.description }),
    'x-audience': audience,
    security: securityOf[audience],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: toBody(body, documentation.example?.body) } : {}),
    responses: { ...toErrorResponses(errors), ...toSuccessResponses(documentation) },
  };
}

/** `/sync/contacts/:run_id` → `/sync/contacts/{run_id}` */
export const toOpenApiPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}').replace(/\*$/, '{file}');

/** What the document is made of. */
export interface DocumentSources {
  readonly routes: readonly RegisteredRoute[];
  readonly version: string;
  /** The schemas of the responses, by name. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** Writes the OpenAPI 3.1 document of the routes that are described. */
export function buildOpenApiDocument({ routes, version, schemas }: DocumentSources): OpenApiDocument {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    const { documentation } = route.config;
    if (!documentation || route.method === 'HEAD') continue;
    (paths[toOpenApiPath(route.path)] ??= {})[route.method.toLowerCase()] = toOperation(route, documentation);
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://spec.openapis.org/oas/3.1/dialect/base',
    info: { title: 'Kommo → Unisender contact sync', version, description: DESCRIPTION },
    paths: Object.fromEntries(Object.entries(paths).sort(([one], [other]) => (one < other ? -1 : 1))),
    components: { securitySchemes, schemas: { ...schemas, Error: errorSchema, ErrorCode: errorCodeSchema } },
  };
}
