import type { ErrorCode } from './error-registry.js';
import { InvalidInputError } from './errors.js';

/** A value in a request body of any format. */
export type BodyValue = string | number | boolean | null | BodyValue[] | BodyObject;

/** An object of a request body. It has no prototype: any name that was not sent is undefined. */
export interface BodyObject {
  [name: string]: BodyValue;
}

/** Its objects inherit from a frozen empty object: as safe as `Object.create(null)`, and several times faster. */
export const EmptyObject = function () {} as unknown as new () => BodyObject;
EmptyObject.prototype = Object.freeze(Object.create(null) as BodyObject);

/** The limits above which a body is refused. */
export interface BodyLimits {
  /** Values in a form; names and list items in a JSON text. */
  readonly maxKeys: number;
  /** Brackets in one form key; nesting of a JSON text. Kommo's webhooks need 7 (reference/kommo.md 5.2). */
  readonly maxDepth: number;
  /** A list with a higher index becomes an object with index keys. */
  readonly maxListIndex: number;
}

/** The limits of a request that is not a webhook. */
export const defaultBodyLimits: BodyLimits = { maxKeys: 20_000, maxDepth: 12, maxListIndex: 1_000 };

/** The limits of a webhook: 4 MB with Kommo's long keys hold about 60,000 values. */
export const hookBodyLimits: BodyLimits = { ...defaultBodyLimits, maxKeys: 80_000 };

/** Whether code that merges or looks up carelessly would reach a prototype by this name. Such names are dropped. */
export const isDangerousName = (name: string): boolean => name === '__proto__' || name === 'constructor' || name === 'prototype';

const badBody = (problem: string, code: ErrorCode<'invalid'>, cause?: unknown) =>
  new InvalidInputError(`The body cannot be read: ${problem}`, { code, cause, fields: [{ field: 'body', problem }] });

/** Returns the error for a body that breaks the rules of its format. */
export const malformedBody = (problem: string, cause?: unknown) => badBody(problem, 'bad_body', cause);

/** Returns the error for a body above the limits. */
export const bodyTooComplex = (problem: string) => badBody(problem, 'body_too_complex');
