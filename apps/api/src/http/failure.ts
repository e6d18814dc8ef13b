import { AccountBlockedError, type FieldProblem, InvalidInputError, ServiceError, TransientError } from '#domain';
import { RunActiveError } from '#sync';
import { toError, type Envelope } from './envelope.js';

/** A failure as the caller may see it. */
export interface Failure {
  readonly status: number;
  readonly message: string;
  /** Stable and machine-readable. */
  readonly error: string;
  readonly fields?: readonly FieldProblem[];
  readonly runId?: string;
  readonly retryAfterSeconds?: number;
}

/** Statuses of invalid input that is not simply 400. */
const statuses: Readonly<Record<string, number>> = {
  account_unknown: 401,
  kommo_unauthorized: 401,
  operator_required: 401,
  widget_token_refused: 401,
  wrong_auth: 401,
  uninstall_refused: 401,
  other_account: 403,
  not_found: 404,
  run_unknown: 404,
  run_active: 409,
  run_ended: 409,
  run_not_waiting: 409,
  unisender_key_refused: 422,
  unisender_key_missing: 422,
  integration_missing: 423,
  rate_limited: 429,
};

const DEFAULT_RETRY_SECONDS = 5;
const MAX_FIELDS = 100;

const toSeconds = (ms: number | undefined) => (ms === undefined ? DEFAULT_RETRY_SECONDS : Math.max(1, Math.ceil(ms / 1000)));

const internal: Failure = { status: 500, error: 'internal_error', message: 'Something went wrong on our side.' };

const fromTransient = ({ code, retryAfterMs }: TransientError): Failure => ({
  status: 503,
  error: code,
  message: 'This cannot be done at the moment; try again.',
  retryAfterSeconds: toSeconds(retryAfterMs),
});

function fromInvalid(error: InvalidInputError): Failure {
  return {
    status: statuses[error.code] ?? 400,
    error: error.code,
    message: error.message,
    ...(error.fields.length > 0 ? { fields: error.fields.slice(0, MAX_FIELDS) } : {}),
    ...(error instanceof RunActiveError ? { runId: error.runId } : {}),
  };
}

function fromService(error: ServiceError): Failure {
  if (error instanceof RateLimitedError) return { ...fromInvalid(error), retryAfterSeconds: error.retryAfterSeconds };
  if (error instanceof InvalidInputError) return fromInvalid(error);
  if (error instanceof AccountBlockedError) return { status: 401, error: error.code, message: error.message };
  return error instanceof TransientError ? fromTransient(error) : internal;
}

/** Nest's and Fastify's own refusals; their 4xx texts carry nothing internal. */
function fromFramework(error: unknown): Failure {
  if (!(error instanceof Error)) return internal;
  const { statusCode, status } = error as Error & { statusCode?: unknown; status?: unknown };
  const code = typeof statusCode === 'number' ? statusCode : status;
  if (typeof code !== 'number' || code < 400 || code > 499) return internal;
  return {
    status: code,
    error: code === 404 ? 'not_found' : 'bad_request',
    message: code === 404 ? 'There is nothing at this address.' : error.message,
  };
}

/** Too many requests from one address. */
export class RateLimitedError extends InvalidInputError {
  constructor(readonly retryAfterSeconds: number) {
    super('Too many requests from this address; try again later.', { code: 'rate_limited' });
  }
}

/** The one place where a failure becomes an HTTP status. */
export const toFailure = (error: unknown): Failure => (error instanceof ServiceError ? fromService(error) : fromFramework(error));

/** A 5xx carries the correlation id by which the log is searched, and nothing internal. */
export function toFailureEnvelope({ status, error, message, fields, runId }: Failure, correlationId: string): Envelope {
  const data = {
    error,
    ...(fields ? { fields } : {}),
    ...(runId === undefined ? {} : { run_id: runId }),
    ...(status >= 500 ? { correlation_id: correlationId } : {}),
  };
  return toError(data, status, message);
}
