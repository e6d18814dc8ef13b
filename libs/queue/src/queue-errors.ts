import { BugError, TransientError, hasErrorCode } from '#domain';

/** An unexpected reply of a server, e.g. `DRAINING`. A retry may succeed. */
export class BeanstalkReplyError extends TransientError {
  constructor(
    readonly reply: string,
    command: string,
  ) {
    super(`beanstalkd replied ${reply} to ${command}`, { code: 'queue_refused' });
  }
}

/** Replies to a request that is wrong in itself: no retry and no other server helps. */
const MISUSE = ['BAD_FORMAT', 'UNKNOWN_COMMAND', 'EXPECTED_CRLF', 'JOB_TOO_BIG'];

/** BugError `queue_misused` for a request that is wrong in itself, BeanstalkReplyError for any other reply. */
export const toReplyError = (reply: string, command: string): BugError | BeanstalkReplyError =>
  MISUSE.includes(reply)
    ? new BugError(`beanstalkd replied ${reply} to ${command}`, { code: 'queue_misused' })
    : new BeanstalkReplyError(reply, command);

/** The server cannot be reached, or closed the connection. */
export const queueUnavailable = (problem: string, cause?: unknown): TransientError =>
  new TransientError(problem, { code: 'queue_unavailable', cause });

/** The server is connected and does not reply: it may have done the request, and a repeated request would wait as long. */
export const queueTimeout = (problem: string): TransientError => new TransientError(problem, { code: 'queue_timeout' });

/** Whether the error is a {@link queueTimeout}. */
export const isQueueTimeout = (error: unknown): boolean => hasErrorCode(error, 'queue_timeout');
