import { Writable } from 'node:stream';
import winston from 'winston';
import type { Clock, Logger, LogFields } from '#domain';
import { DailyFile } from './daily-file.js';
import { type LogFormat, type LogLevel, type LogRecord, toLine } from './line-format.js';
import { mask } from './mask.js';
import { maskText } from './mask-text.js';

export type { LogFormat, LogLevel } from './line-format.js';

/** Where and how to log. */
export interface LoggerOptions {
  /** Under it one folder per local day with its `request.log`; without it only the console is written. */
  readonly folder?: string | undefined;
  readonly format: LogFormat;
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Who speaks: the process, e.g. `Api`. */
  readonly service: string;
  /** Where the console is; standard output unless told. */
  readonly console?: Writable;
}

/** What one HTTP request was and what it got. */
export interface RequestRecord {
  /** The area that served it, e.g. `Kommo`; the logger's own service when absent. */
  readonly service?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly input: unknown;
  readonly status: number;
  readonly response: unknown;
  readonly durationMs?: number | undefined;
  readonly correlationId?: string | undefined;
}

/** A {@link Logger} that masks all it writes and never throws. */
export interface ServiceLogger extends Logger {
  /**
   * Writes a request as the service's predecessors did, in three lines: `input …`, `Creating response with 200 status code.`, the
   * response; as JSON in one. Level `error` for a status of 500 and above, `info` for any other.
   */
  requestLog(request: RequestRecord): void;
  isEnabled(level: LogLevel): boolean;
  /** The same log in another service's name. */
  forService(service: string): ServiceLogger;
  /** Resolves when what was logged so far is in the file. */
  flush(): Promise<void>;
  /** Flushes and lets go of the console; nothing may be logged afterwards. */
  close(): Promise<void>;
}

const levels = { error: 0, warn: 1, info: 2, debug: 3 } as const satisfies Record<LogLevel, number>;
/** The key under which winston's transports expect the finished line. */
const LINE = Symbol.for('message');
const FILE_COMPLAINT_INTERVAL_MS = 60_000;

interface WrittenRecord extends LogRecord {
  readonly [LINE]: string;
}

const toStream = (file: DailyFile): Writable =>
  new Writable({
    objectMode: true,
    write: (record: WrittenRecord, _encoding, done) => {
      file.write(record[LINE], record.timeMs);
      done();
    },
  });

/** What all services of a process share: winston, the file behind it and the console. */
class Output {
  private readonly clock: Clock;
  private readonly console: Writable;
  private readonly winston: winston.Logger;
  private readonly file: DailyFile | undefined;
  readonly format: LogFormat;
  private complainedAtMs = -Infinity;

  constructor({ folder, format, level, clock, console = process.stdout }: LoggerOptions) {
    this.format = format;
    this.clock = clock;
    this.console = console.on('error', this.ignore);
    this.file = folder === undefined ? undefined : new DailyFile(folder, (error) => this.complain(error));
    const streams = this.file ? [console, toStream(this.file)] : [console];
    this.winston = winston.createLogger({
      levels,
      level,
      format: winston.format((info) => Object.assign(info, { [LINE]: toLine(info as unknown as LogRecord, format) }))(),
      transports: streams.map((stream) => new winston.transports.Stream({ stream, eol: '\n' })),
    });
  }

  isEnabled(level: LogLevel): boolean {
    return this.winston.isLevelEnabled(level);
  }

  write(service: string, level: LogLevel, message: string, fields?: LogFields): void {
    if (this.isEnabled(level)) this.writeMasked(service, level, maskText(message), fields);
  }

  writeMasked(service: string, level: LogLevel, message: string, fields?: LogFields): void {
    const record: LogRecord = { level, timeMs: this.clock.nowMs(), service, message, fields };
    this.winston.log(record as unknown as winston.LogEntry);
  }

  async flush(): Promise<void> {
    // winston hands records to its transports on the next turn at the latest.
    await new Promise((resolve) => setImmediate(resolve));
    await this.file?.flush();
  }

  async close(): Promise<void> {
    await this.flush();
    this.winston.close();
    this.console.off('error', this.ignore);
  }

  /** A reader that went away (a closed pipe) must not stop the service. */
  private readonly ignore = () => {};

  private complain(error: unknown): void {
    const timeMs = this.clock.nowMs();
    if (timeMs - this.complainedAtMs < FILE_COMPLAINT_INTERVAL_MS) return;
    this.complainedAtMs = timeMs;
    const record: LogRecord = { level: 'warn', timeMs, service: 'Logging', message: 'The log file cannot be written', fields: { error } };
    this.console.write(`${toLine(record, this.format)}\n`);
  }
}

class OutputLogger implements ServiceLogger {
  private readonly output: Output;
  private readonly service: string;

  constructor(output: Output, service: string) {
    this.output = output;
    this.service = service;
  }

  error(message: string, fields?: LogFields): void {
    this.output.write(this.service, 'error', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.output.write(this.service, 'warn', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.output.write(this.service, 'info', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.output.write(this.service, 'debug', message, fields);
  }

  requestLog({ service = this.service, ...request }: RequestRecord): void {
    const level = request.status >= 500 ? 'error' : 'info';
    if (!this.isEnabled(level)) return;
    if (this.output.format === 'json') this.output.write(service, level, 'request', request);
    else for (const line of toRequestLines(request)) this.output.writeMasked(service, level, line);
  }

  isEnabled(level: LogLevel): boolean {
    return this.output.isEnabled(level);
  }

  forService(service: string): ServiceLogger {
    return new OutputLogger(this.output, service);
  }

  flush(): Promise<void> {
    return this.output.flush();
  }

  close(): Promise<void> {
    return this.output.close();
  }
}

function toRequestLines({ method, path, input, status, response, durationMs, correlationId }: Omit<RequestRecord, 'service'>): string[] {
  const notes = [
    durationMs === undefined ? '' : ` ${Math.round(durationMs)} ms`,
    correlationId === undefined ? '' : ` ${maskText(correlationId)}`,
  ];
  return [
    `input ${maskText(`${method} ${path}`)} ${JSON.stringify(mask(input))}${notes.join('')}`,
    `Creating response with ${status} status code.`,
    JSON.stringify(mask(response)),
  ];
}

/** The process's log: console and, with `folder`, a file per local day. Errors of either never reach the caller. */
export const createLogger = (options: LoggerOptions): ServiceLogger => new OutputLogger(new Output(options), options.service);
