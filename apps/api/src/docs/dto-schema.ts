import { getMetadataStorage } from 'class-validator';
import { BugError } from '#domain';
import { descriptionOf } from '../http/dto-decorators.js';
import type { JsonSchema } from './response-schemas.js';

type DtoClass = new () => object;
type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** One field of a DTO class. */
export interface DtoField {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: JsonSchema;
}

/** What each validator of class-validator, or of ours, means in JSON Schema. `first` is its first constraint. */
const keywords: Readonly<Record<string, (first: unknown) => JsonSchema>> = {
  isString: () => ({ type: 'string' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isBoolean: () => ({ type: 'boolean' }),
  isArray: () => ({ type: 'array' }),
  arrayNotEmpty: () => ({ type: 'array', minItems: 1 }),
  arrayMaxSize: (maxItems) => ({ maxItems }),
  min: (minimum) => ({ minimum }),
  max: (maximum) => ({ maximum }),
  minLength: (minLength) => ({ minLength }),
  maxLength: (maxLength) => ({ maxLength }),
  isIn: (values) => ({ enum: values }),
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isAddress: () => ({ type: 'string', format: 'email' }),
  matches: (pattern) => ({ pattern: (pattern as RegExp).source }),
};

/** Patterns that hold for every text: the document states them once. */
const COMMON_PATTERNS: ReadonlySet<string> = new Set(['\\S', '^\\P{Cc}*$']);

/** Rules that say when a field may be missing, or that any value is allowed. */
const isCondition = ({ type }: Rule) => type === 'conditionalValidation' || type === 'whitelistValidation';

function toKeywords({ name = '', constraints, propertyName, target }: Rule): JsonSchema {
  const toSchema = keywords[name];
  if (!toSchema) {
    const where = `${typeof target === 'string' ? target : target.name}.${propertyName}`;
    throw new BugError(`The OpenAPI document does not know the validator "${name}" of ${where}`, { code: 'route_undocumented' });
  }
  const [first] = (constraints ?? []) as unknown[];
  return first instanceof RegExp && COMMON_PATTERNS.has(first.source) ? {} : toSchema(first);
}

function toDescription(prototype: object, name: string): JsonSchema {
  const { text, schema, aliases } = descriptionOf(prototype, name);
  const others = aliases.length === 0 ? '' : `Also accepted as ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`;
  const description = [text, others].filter((part) => part !== '').join(' ');
  return { ...(description === '' ? {} : { description }), ...schema };
}

function toField(dto: object, name: string, rules: readonly Rule[]): DtoField {
  const byDefault = (dto as Readonly<Record<string, unknown>>)[name];
  const schema = Object.assign({}, ...rules.filter((rule) => !isCondition(rule)).map(toKeywords)) as JsonSchema;
  return {
    name,
    isRequired: byDefault === undefined && !rules.some(isCondition),
    schema: {
      ...schema,
      ...(byDefault === undefined ? {} : { default: byDefault }),
      ...toDescription(Object.getPrototypeOf(dto) as object, name),
    },
  };
}

/** Reads the fields of a DTO class from the metadata of class-validator, in the order of their declaration. */
export function listDtoFields(dtoClass: DtoClass): DtoField[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
  const dto = new dtoClass();
  return names.map((name) =>
    toField(
      dto,
      name,
      rules.filter(({ propertyName }) => propertyName === name),
    ),
  );
}

/** The JSON Schema of an object with these fields. */
export function toObjectSchema(fields: readonly DtoField[]): JsonSchema {
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    ...(required.length > 0 ? { required } : {}),
  };
}
