import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { AccountRule } from '../guards/account.guard.js';
import type { RegisteredRoute } from '../http/route-registry.js';
import { type DtoField, listDtoFields, toObjectSchema } from './dto-schema.js';
import { readsBody } from './route-errors.js';
import { type JsonSchema, schemaOf } from './response-schemas.js';

/** The inputs of a route, as OpenAPI has them. */
export interface RouteInputs {
  readonly parameters: readonly JsonSchema[];
  /** Undefined for a route without a body. */
  readonly body: JsonSchema | undefined;
}

type Place = 'path' | 'query';
type Class = new () => object;

/** Nest reads these into other types than DTO classes. */
const PLAIN_TYPES: ReadonlySet<unknown> = new Set([Object, String, Number, Array, undefined]);

/** The fields of the DTO classes that a handler takes from one place of the request. */
function listFields({ config: { documentation } }: RegisteredRoute, source: RouteParamtypes): DtoField[] {
  const { handler } = documentation ?? {};
  if (!handler) return [];
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, handler.prototype.constructor, handler.name) as object | undefined;
  const types = Reflect.getMetadata('design:paramtypes', handler.prototype, handler.name) as readonly unknown[];
  const indexes = Object.keys(args ?? {}).flatMap((key) => (key.startsWith(`${source}:`) ? [Number(key.slice(key.indexOf(':') + 1))] : []));
  return indexes.flatMap((index) => (PLAIN_TYPES.has(types[index]) ? [] : listDtoFields(types[index] as Class)));
}

const accountField = ({ field, isRequired }: AccountRule): DtoField => ({
  name: field,
  isRequired,
  schema: { type: 'integer', minimum: 1, description: 'The id of the account in Kommo.' },
});

const tokenField: DtoField = {
  name: 'token',
  isRequired: true,
  schema: { type: 'string', description: 'The secret token of the account. Only the vendor knows this URL.' },
};

const pathNames = (path: string): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);

function listPathFields(route: RegisteredRoute): DtoField[] {
  const { account } = route.config;
  const known = [...listFields(route, RouteParamtypes.PARAM), ...(account ? [accountField(account)] : []), tokenField];
  const names = pathNames(route.path).map(
    (name) => known.find((field) => field.name === name) ?? { ...tokenField, name, schema: { type: 'string' } },
  );
  return names.map((field) => ({ ...field, isRequired: true }));
}

/** The account is in the path, or in the body, or else in the query. The service accepts it in each place. */
function accountFieldIn(place: 'query' | 'body', route: RegisteredRoute): DtoField[] {
  const { account } = route.config;
  if (!account || pathNames(route.path).includes(account.field)) return [];
  return (place === 'body') === readsBody(route) ? [accountField(account)] : [];
}

function toParameter(place: Place, { name, isRequired, schema }: DtoField, example: unknown): JsonSchema {
  const { description, ...rest } = schema;
  return {
    name,
    in: place,
    required: isRequired,
    ...(description === undefined ? {} : { description }),
    schema: rest,
    ...(example === undefined ? {} : { example }),
  };
}

function toBody(route: RegisteredRoute): JsonSchema | undefined {
  if (!readsBody(route)) return undefined;
  const { body } = route.config.documentation ?? {};
  if (body !== undefined) return schemaOf(body);
  return toObjectSchema([...accountFieldIn('body', route), ...listFields(route, RouteParamtypes.BODY)]);
}

/** Reads the inputs of a route from its DTO classes, its account and its documentation. */
export function readRouteInputs(route: RegisteredRoute): RouteInputs {
  const { parameters: declared = [], example } = route.config.documentation ?? {};
  const toParameters = (place: Place, fields: readonly DtoField[]) =>
    fields.map((field) => toParameter(place, field, example?.[place]?.[field.name]));
  const derived = [
    ...toParameters('path', listPathFields(route)),
    ...toParameters('query', [...accountFieldIn('query', route), ...listFields(route, RouteParamtypes.QUERY)]),
  ];
  const isDeclared = (parameter: JsonSchema) => declared.some((other) => other['name'] === parameter['name']);
  return { parameters: [...declared, ...derived.filter((parameter) => !isDeclared(parameter))], body: toBody(route) };
}
