/** Particulars of a record, by name. Whoever writes them out masks what is secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where libs write what happened. `error` = someone must act, `warn` = it healed or will be retried, `info` = once per job or request, `debug` = anything. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

/** Says nothing: for tests and for tools that have no log. */
export const silentLogger: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
