import { applyDecorators } from '@nestjs/common';
import { Expose, Transform } from 'class-transformer';
import { IsInt, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { findId } from '../guards/request-ids.js';

type InputObject = Readonly<Record<string, unknown>>;

const DESCRIPTION = 'api:description';
const ALIASES = 'api:aliases';

/** What the OpenAPI document says about a field beside what its validation decorators say. */
export interface FieldDescription {
  readonly text: string;
  /** Keywords of JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly aliases: readonly string[];
}

/** Describes a field in the OpenAPI document. `schema` adds what its validation decorators do not say. */
export const Describe =
  (text: string, schema: FieldDescription['schema'] = {}): PropertyDecorator =>
  (prototype, property) =>
    Reflect.defineMetadata(DESCRIPTION, { text, schema }, prototype, property);

/** Reads what {@link Describe} and {@link Alias} declare. */
export function descriptionOf(prototype: object, property: string): FieldDescription {
  const described = Reflect.getMetadata(DESCRIPTION, prototype, property) as Omit<FieldDescription, 'aliases'> | undefined;
  const aliases = Reflect.getMetadata(ALIASES, prototype, property) as readonly string[] | undefined;
  return { text: described?.text ?? '', schema: described?.schema ?? {}, aliases: aliases ?? [] };
}

/**
 * Accepts other names for a field, mostly those that the predecessors (the PHP services) used. The property's own name comes
 * first, then `names` in their order. Put it above the property's other decorators: class-transformer applies the top one first.
 */
export const Alias = (...names: string[]): PropertyDecorator =>
  applyDecorators(
    Reflect.metadata(ALIASES, names),
    Expose(),
    Transform(({ obj, key }: { obj: InputObject; key: string }) =>
      [key, ...names].map((name) => obj[name]).find((value) => value !== undefined),
    ),
  );

/** For `@ValidateIf`: the field may be missing, but not null. class-validator's `IsOptional` accepts null too. */
export const isSent = (_dto: unknown, value: unknown): boolean => value !== undefined;

/** The id of a Kommo account: digits, or a JSON number. */
export function IsAccountId(): PropertyDecorator {
  const message = '$property must be a whole number above 0, in digits';
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => findId(value) ?? value),
    IsInt({ message }),
    Min(1, { message }),
    Max(Number.MAX_SAFE_INTEGER, { message }),
  );
}

/** A text of 1 to `maxLength` characters: not blank, no control characters. */
export function IsPlainText(maxLength = 255): PropertyDecorator {
  const message = `$property must be a text of 1 to ${maxLength} characters`;
  return applyDecorators(
    IsString({ message }),
    MinLength(1, { message }),
    MaxLength(maxLength, { message }),
    Matches(/\S/, { message }),
    Matches(/^\P{Cc}*$/u, { message }),
  );
}

const DIGITS = /^\d{1,9}$/;

/** For `@Transform`: up to nine digits become a number; anything else stays, and the validation refuses it. */
export const digitsToNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;

const BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...[true, 1, '1', 'true'].map((value) => [value, true] as const),
  ...[false, 0, '0', 'false', ''].map((value) => [value, false] as const),
]);

/** For `@Transform`: 1, 0, true and false become a boolean; anything else stays, and the validation refuses it. */
export const flagToBoolean = ({ value }: { value: unknown }): unknown => BOOLEANS.get(value) ?? value;
