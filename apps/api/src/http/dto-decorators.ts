import { applyDecorators } from '@nestjs/common';
import { Expose, Transform } from 'class-transformer';
import { IsInt, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { findId } from '../guards/request-ids.js';

type InputObject = Readonly<Record<string, unknown>>;

/**
 * Accepts other names for a field, mostly those that the predecessors (the PHP services) used. The property's own name comes
 * first, then `names` in their order. Put it above the property's other decorators: class-transformer applies the top one first.
 */
export const Alias = (...names: string[]): PropertyDecorator =>
  applyDecorators(
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
