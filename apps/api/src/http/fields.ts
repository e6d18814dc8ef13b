import { applyDecorators } from '@nestjs/common';
import { Expose, Transform } from 'class-transformer';
import { Allow, IsOptional, ValidateBy } from 'class-validator';

/** An input before its validation. */
type InputObject = Readonly<Record<string, unknown>>;

const ID = /^[1-9]\d{0,15}$/;

const isId = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

/** A vendor's numeric id, or undefined for anything that is not exactly one. */
export function findId(value: unknown): number | undefined {
  const id = typeof value === 'string' && ID.test(value) ? Number(value) : value;
  return isId(id) ? id : undefined;
}

const rule = (name: string, isGood: (value: unknown) => boolean, problem: string): PropertyDecorator =>
  ValidateBy({ name, validator: { validate: isGood, defaultMessage: () => problem } });

const read = (parse: (value: unknown) => unknown): PropertyDecorator => Transform(({ value }) => parse(value));

/** A Kommo id: digits only, as text or as a JSON number. */
export const Id = (): PropertyDecorator =>
  applyDecorators(
    read((value) => findId(value) ?? value),
    rule('id', isId, 'must be a whole number above 0, in digits'),
  );

/** A text of 1 to `maxLength` characters without control characters. */
export const Text = (maxLength = 255): PropertyDecorator =>
  rule(
    'text',
    (value) => typeof value === 'string' && value.trim() !== '' && value.length <= maxLength && !/\p{Cc}/u.test(value),
    `must be a text of 1 to ${maxLength} characters`,
  );

const WHOLE = /^\d{1,9}$/;

/** A whole number from `min` to `max`. */
export const Whole = (min: number, max: number): PropertyDecorator =>
  applyDecorators(
    read((value) => (typeof value === 'string' && WHOLE.test(value) ? Number(value) : value)),
    rule(
      'whole',
      (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
      `must be a whole number from ${min} to ${max}`,
    ),
  );

const flags = new Map<unknown, boolean>([
  ...[true, 1, '1', 'true'].map((value) => [value, true] as const),
  ...[false, 0, '0', 'false', ''].map((value) => [value, false] as const),
]);

/** 1 or 0, true or false. */
export const Flag = (): PropertyDecorator =>
  applyDecorators(
    read((value) => flags.get(value) ?? value),
    rule('flag', (value) => typeof value === 'boolean', 'must be 1 or 0'),
  );

export const OneOf = (values: readonly string[]): PropertyDecorator =>
  rule('oneOf', (value) => typeof value === 'string' && values.includes(value), `must be one of ${values.join(', ')}`);

/** Taken as it comes: the handler or its use case reads it. */
export const Unread = (): PropertyDecorator => Allow();

/** May be left out. */
export const Optional = (): PropertyDecorator => IsOptional();

/**
 * The first of these names that was sent gives the value: the property's own, then those of the service's predecessors.
 * Stands above the other decorators: class-transformer reads from the top.
 */
export const From = (...names: string[]): PropertyDecorator =>
  applyDecorators(
    Expose(),
    Transform(({ obj, key }: { obj: InputObject; key: string }) =>
      [key, ...names].map((name) => obj[name]).find((value) => value !== undefined),
    ),
  );
