import { BugError, TransientError } from '#domain';

/** A server's answer other than the one hoped for: its own word, e.g. `DRAINING`. Time may heal it. */
export class BeanstalkReplyError extends TransientError {
  constructor(
    readonly reply: string,
    command: string,
  ) {
    super(`beanstalkd answered ${reply} to ${command}`, { code: 'queue_refused' });
  }
}

/** What a server says to a request that no repetition and no other server makes right. */
const MISUSE = ['BAD_FORMAT', 'UNKNOWN_COMMAND', 'EXPECTED_CRLF', 'JOB_TOO_BIG'];

/** BugError `queue_misused` for a request that is wrong in itself, else BeanstalkReplyError. */
export const toReplyError = (reply: string, command: string): BugError | BeanstalkReplyError =>
  MISUSE.includes(reply)
    ? new BugError(`beanstalkd answered ${reply} to ${command}`, { code: 'queue_misused' })
    : new BeanstalkReplyError(reply, command);

/** The server cannot be reached, or hung up. */
export const queueUnavailable = (problem: string, cause?: unknown): TransientError =>
  new TransientError(problem, { code: 'queue_unavailable', cause });

/** The server is connected and says nothing: it may have done what it was asked, and asking it again would be as long. */
export const queueTimeout = (problem: string): TransientError => new TransientError(problem, { code: 'queue_timeout' });

/** Whether a server was silent, see {@link queueTimeout}. */
export const isQueueTimeout = (error: unknown): boolean => error instanceof TransientError && error.code === 'queue_timeout';
