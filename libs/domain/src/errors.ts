import { type ErrorCode, type ErrorKind, errorRuleOf } from './error-registry.js';

/** One bad field of an input; a response names all of them. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

interface ErrorDetails {
  readonly fields?: readonly FieldProblem[] | undefined;
  readonly cause?: unknown;
}

interface CodedDetails<Code extends ErrorCode> extends ErrorDetails {
  readonly code: Code;
}

/**
 * Base of every error that the service itself raises. Adapters translate foreign errors into one of its kinds at their border
 * and keep the original as `cause`. The HTTP filter and the retry policy decide by the rule of its code alone.
 */
export abstract class ServiceError extends Error {
  abstract readonly kind: ErrorKind;
  /** Stable and machine-readable. Never carries data. */
  readonly code: ErrorCode;
  /** The bad fields of the input that caused the error; empty when none is named. */
  readonly fields: readonly FieldProblem[];

  protected constructor(message: string, { code, fields = [], cause }: CodedDetails<ErrorCode>) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.fields = fields;
  }
}

/** The caller must change the input. Never retried. */
export class InvalidInputError extends ServiceError {
  override readonly kind = 'invalid';

  constructor(message: string, options: ErrorDetails & { readonly code?: ErrorCode<'invalid'> | undefined } = {}) {
    super(message, { ...options, code: options.code ?? 'invalid_input' });
  }

  /** Returns one error for all problems of an input; its message names every field. */
  static ofFields(fields: readonly FieldProblem[], options: { code?: ErrorCode<'invalid'>; cause?: unknown } = {}): InvalidInputError {
    return new InvalidInputError(fields.map(({ field, problem }) => `${field} ${problem}`).join('; '), { ...options, fields });
  }
}

/** The caller must send fewer requests. `retryAfterSeconds`: when the next one may be accepted. */
export class TooManyRequestsError extends InvalidInputError {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message, { code: 'rate_limited' });
  }
}

/** The same attempt may succeed later. `retryAfterMs` is the delay that the other side named, if it named one. */
export class TransientError extends ServiceError {
  override readonly kind = 'transient';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: CodedDetails<ErrorCode<'transient'>> & { readonly retryAfterMs?: number | undefined }) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The code is wrong: a retry fails in the same way. Its job is buried with this reason. */
export class BugError extends ServiceError {
  override readonly kind = 'bug';

  constructor(message: string, options: CodedDetails<ErrorCode<'bug'>>) {
    super(message, options);
  }
}

/** A human must repair the account first. Its job ends; the sweep enqueues the work again after that. */
export class AccountBlockedError extends ServiceError {
  override readonly kind = 'blocked';
  declare readonly code: ErrorCode<'blocked'>;

  constructor(message: string, options: CodedDetails<ErrorCode<'blocked'>>) {
    super(message, options);
  }
}

/** Returns the code of an error; `unexpected` for an error that is not the service's own. */
export const errorCodeOf = (error: unknown): ErrorCode => (error instanceof ServiceError ? error.code : 'unexpected');

/** Whether the error is the service's own and has one of these codes. */
export const hasErrorCode = (error: unknown, ...codes: readonly ErrorCode[]): boolean =>
  error instanceof ServiceError && codes.includes(error.code);

/** Whether the service itself deferred the work, as for an account that another worker holds. A deferral is not a failure. */
export const isDeferral = (error: unknown): boolean => error instanceof ServiceError && errorRuleOf(error.code).isDeferral;

/** Returns a foreign error reduced to its name and code: an HTTP client's error holds the whole request, tokens and keys included. */
export function toBareError(error: unknown): Error {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return new Error([name, code].filter((part) => typeof part === 'string').join(' ') || 'unknown failure');
}
