/** Data of a log record, by name in snake_case. The logger masks secrets in it. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes log records. An abstract class, so that it is its own injection token; a plain object with these methods is a Logger too.
 * `error`: a human must act. `warn`: handled, or will be retried. `info`: about once per job or request. `debug`: anything.
 */
export abstract class Logger {
  /** Writes an event that a human must act on. */
  abstract error(message: string, fields?: LogFields): void;
  /** Writes a failure that was handled or will be retried. */
  abstract warn(message: string, fields?: LogFields): void;
  /** Writes an event of normal operation, about once per job or request. */
  abstract info(message: string, fields?: LogFields): void;
  /** Writes a detail for debugging. */
  abstract debug(message: string, fields?: LogFields): void;
}

/** Writes nothing: for tests and for tools without a log. */
export const silentLogger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} } satisfies Logger;
