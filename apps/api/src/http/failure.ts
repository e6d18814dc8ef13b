import {
  type ErrorCode,
  type FieldProblem,
  InvalidInputError,
  ServiceError,
  TooManyRequestsError,
  TransientError,
  errorRuleOf,
  hasErrorCode,
} from '#domain';
import { RunConflictError } from '#sync';
import { toError, type Envelope } from './envelope.js';

/** An error as the caller sees it. */
export interface Failure {
  /** Status of the HTTP response. */
  readonly status: number;
  readonly message: string;
  /** A code of docs/ERRORS.md. */
  readonly error: ErrorCode;
  readonly fields?: readonly FieldProblem[];
  readonly runId?: string;
  readonly retryAfterSeconds?: number;
  /** The methods that the URL takes, when the method was wrong. */
  readonly allowed?: readonly string[];
}

const DEFAULT_RETRY_SECONDS = 5;
const MAX_FIELDS = 100;

const toSeconds = (ms: number | undefined) => (ms === undefined ? DEFAULT_RETRY_SECONDS : Math.max(1, Math.ceil(ms / 1000)));

const internal: Failure = {
  status: errorRuleOf('internal_error').httpStatus,
  error: 'internal_error',
  message: 'Internal error; report it with the correlation id',
};

/** Too many requests from one client IP. */
export class RateLimitedError extends TooManyRequestsError {
  constructor(retryAfterSeconds: number) {
    super('Too many requests from this IP; try again later', retryAfterSeconds);
  }
}

/** The URL exists, with other methods. */
export class MethodNotAllowedError extends InvalidInputError {
  constructor(readonly allowed: readonly string[]) {
    super(`This URL takes ${allowed.join(' or ')}`, { code: 'method_not_allowed' });
  }
}

function findRetryAfterSeconds(error: ServiceError): number | undefined {
  if (error instanceof TooManyRequestsError) return error.retryAfterSeconds;
  return error instanceof TransientError ? toSeconds(error.retryAfterMs) : undefined;
}

/** The text of other transient errors names hosts and statements of ours. This one names the time to wait for. */
const showsText = (error: ServiceError): boolean => hasErrorCode(error, 'unisender_call_open');

function fromService(error: ServiceError): Failure {
  const { kind, httpStatus } = errorRuleOf(error.code);
  if (kind === 'bug') return internal;
  const retryAfterSeconds = findRetryAfterSeconds(error);
  return {
    status: httpStatus,
    error: error.code,
    message: kind === 'transient' && !showsText(error) ? 'Temporarily unavailable; try again later' : error.message,
    ...(error.fields.length > 0 ? { fields: error.fields.slice(0, MAX_FIELDS) } : {}),
    ...(error instanceof RunConflictError && error.runId !== '' ? { runId: error.runId } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(error instanceof MethodNotAllowedError ? { allowed: error.allowed } : {}),
  };
}

/** Errors of Nest and Fastify: their 4xx messages carry nothing internal. */
function fromFramework(error: unknown): Failure {
  if (!(error instanceof Error)) return internal;
  const { statusCode, status } = error as Error & { statusCode?: unknown; status?: unknown };
  const httpStatus = typeof statusCode === 'number' ? statusCode : status;
  if (typeof httpStatus !== 'number' || httpStatus < 400 || httpStatus > 499) return internal;
  return httpStatus === 404
    ? { status: 404, error: 'not_found', message: 'Unknown URL' }
    : { status: httpStatus, error: 'bad_request', message: error.message };
}

/** Turns an error into what the caller sees. The only place that chooses the HTTP status of an error. */
export const toFailure = (error: unknown): Failure => (error instanceof ServiceError ? fromService(error) : fromFramework(error));

/** The error in the envelope. A 5xx carries the correlation id by which the log is searched, and nothing internal. */
export function toFailureEnvelope({ status, error, message, fields, runId }: Failure, correlationId: string): Envelope {
  const data = {
    error,
    ...(fields ? { fields } : {}),
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(status >= 500 ? { correlation_id: correlationId } : {}),
  };
  return toError(data, status, message);
}
