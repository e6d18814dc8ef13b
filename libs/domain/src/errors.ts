/** Whose turn it is after a failure: the caller's (`invalid`), time's (`transient`) or a developer's (`bug`). */
export type ErrorKind = 'invalid' | 'transient' | 'bug';

/** One bad field of an input, for answers that name every one of them. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

interface ErrorOptionsWithCode {
  /** Stable, machine-readable, e.g. `kommo_rate_limited`. Never carries data. */
  readonly code: string;
  readonly cause?: unknown;
}

/**
 * Base of every failure that the service itself raises. Adapters translate foreign errors into one of its three kinds at
 * their border and keep the original as `cause`; the HTTP filter and the tube worker decide by kind alone.
 */
export abstract class ServiceError extends Error {
  abstract readonly kind: ErrorKind;
  readonly code: string;

  protected constructor(message: string, options: ErrorOptionsWithCode) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
  }
}

/** The input cannot be accepted, now or later, until the caller changes it. Never retried. */
export class InvalidInputError extends ServiceError {
  override readonly kind = 'invalid';
  readonly fields: readonly FieldProblem[];

  constructor(message: string, options: { code?: string; fields?: readonly FieldProblem[]; cause?: unknown } = {}) {
    super(message, { code: options.code ?? 'invalid_input', cause: options.cause });
    this.fields = options.fields ?? [];
  }

  /** One error for all problems of an input; its message names every field. */
  static ofFields(fields: readonly FieldProblem[], options: { code?: string; cause?: unknown } = {}): InvalidInputError {
    return new InvalidInputError(fields.map(({ field, problem }) => `${field} ${problem}`).join('; '), { ...options, fields });
  }
}

/** The same attempt may succeed later. `retryAfterMs` is the other side's own wish, when it gave one. */
export class TransientError extends ServiceError {
  override readonly kind = 'transient';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptionsWithCode & { retryAfterMs?: number | undefined }) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Something that must not happen happened; a retry would meet it again. The job is buried with this reason. */
export class BugError extends ServiceError {
  override readonly kind = 'bug';

  constructor(message: string, options: ErrorOptionsWithCode) {
    super(message, options);
  }
}

/** What stands in an account's way until a human acts; its jobs wait, nothing is retried against the vendor. */
export type AccountBlock = 'reauthorization_required' | 'unisender_key_refused' | 'disconnected' | 'suspended';

/** The account itself cannot be worked on. Not a failure of the job: it ends, and the sweep brings the work back once the block is lifted. */
export class AccountBlockedError extends ServiceError {
  override readonly kind = 'invalid';
  readonly block: AccountBlock;

  constructor(message: string, options: { block: AccountBlock; cause?: unknown }) {
    super(message, { code: options.block, cause: options.cause });
    this.block = options.block;
  }
}

/** A foreign error's name and code alone: HTTP clients keep the whole request in theirs, tokens and keys included. */
export function toBareError(error: unknown): Error {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return new Error([name, code].filter((part) => typeof part === 'string').join(' ') || 'unknown failure');
}
