import { Logger } from '#domain';
import type { LogLevel } from './log-format.js';

/** One HTTP request and its response. */
export interface RequestRecord {
  /** The part of the API that served it, e.g. `Kommo`. Default: the service of the logger. */
  readonly service?: string | undefined;
  readonly method: string;
  readonly path: string;
  /** The account that the request is about. */
  readonly accountId?: number | undefined;
  readonly input: unknown;
  readonly status: number;
  readonly response: unknown;
  readonly durationMs?: number | undefined;
  readonly correlationId?: string | undefined;
  /** Whether only one line is written, without input and response. */
  readonly isBrief?: boolean | undefined;
  /** Whether the request repeats all the time, as those of a monitor: its level is `debug`. A status of 500 and above stays an error. */
  readonly isPoll?: boolean | undefined;
}

/** The {@link Logger} of a process. It masks all that it writes and never throws. An abstract class, so that it is an injection token. */
export abstract class ServiceLogger extends Logger {
  /**
   * Writes a request. As text it takes the predecessor's three lines: `input …`, `Creating response with 200 status code.`, the
   * response. As JSON, and when it is brief, it takes one line. The level is `error` for status 500 and above, else `info`, or `debug`
   * for a poll.
   */
  abstract logRequest(request: RequestRecord): void;
  /** Whether records of this level are written. */
  abstract isEnabled(level: LogLevel): boolean;
  /** Returns a logger that writes to the same log under another service name. */
  abstract forService(service: string): ServiceLogger;
  /** Resolves when all records so far are in the file. */
  abstract flush(): Promise<void>;
  /** Flushes and releases the console. Log nothing afterwards. */
  abstract close(): Promise<void>;
}
