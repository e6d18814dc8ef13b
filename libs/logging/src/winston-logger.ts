import type { Writable } from 'node:stream';
import winston from 'winston';
import { type Clock, type LogFields, type Secret, valueAt } from '#domain';
import { DailyFileTransport } from './daily-file.transport.js';
import { createLogFormat, type LogFormat, type LogLevel, type LogRecord, type RequestFields } from './log-format.js';
import { type RequestRecord, ServiceLogger } from './service-logger.js';

/** Where and how to log. */
export interface LoggerOptions {
  /** Folder with one subfolder per local day, each with a `request.log`. Undefined: log to the console only. */
  readonly folder?: string | undefined;
  /** Days after which a log file is deleted. */
  readonly keepDays: number;
  /** A file of this size is followed by the next one of its day. Default: 20 MB. */
  readonly maxFileBytes?: number | undefined;
  /** A day keeps this many files, the newest. Default: 25. */
  readonly maxFilesPerDay?: number | undefined;
  readonly format: LogFormat;
  /** The least important level that is written. */
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Name of the process in the log, e.g. `Api`. */
  readonly service: string;
  /** Texts that no line may contain. */
  readonly secrets?: readonly Secret[] | undefined;
  /** The stream of the console. Default: standard output. */
  readonly console?: Writable | undefined;
}

const LEVELS = { error: 0, warn: 1, info: 2, debug: 3 } as const satisfies Record<LogLevel, number>;
const FILE_WARNING_INTERVAL_MS = 60_000;

const createConsole = (stream: Writable | undefined): winston.transport =>
  stream ? new winston.transports.Stream({ stream, eol: '\n' }) : new winston.transports.Console({ eol: '\n' });

/** The winston logger of a process with its file and its console. */
class LogOutput {
  private readonly clock: Clock;
  private readonly console: Writable;
  /** Writes to the console only: for failures of the file. */
  private readonly consoleLogger: winston.Logger;
  private readonly file: DailyFileTransport | undefined;
  private readonly winston: winston.Logger;
  private lastWarningAtMs = -Infinity;

  constructor({ folder, format: lineFormat, level, clock, secrets = [], console, ...limits }: LoggerOptions) {
    this.clock = clock;
    this.console = (console ?? process.stdout).on('error', this.ignoreError);
    const format = createLogFormat(lineFormat, clock, secrets);
    const onError = (event: string, error: unknown) => this.warnAboutFile(event, error);
    this.file = folder === undefined ? undefined : new DailyFileTransport({ folder, ...limits, onError });
    this.consoleLogger = winston.createLogger({ levels: LEVELS, level: 'warn', format, transports: [createConsole(console)] });
    const transports = [createConsole(console), ...(this.file ? [this.file] : [])];
    this.winston = winston.createLogger({ levels: LEVELS, level, format, transports });
  }

  isEnabled(level: LogLevel): boolean {
    return this.winston.isLevelEnabled(level);
  }

  write(record: LogRecord): void {
    if (this.isEnabled(record.level)) this.winston.log({ ...record });
  }

  async flush(): Promise<void> {
    // winston passes records to its transports on the next turn of the event loop at the latest.
    await new Promise((resolve) => setImmediate(resolve));
    await this.file?.flush();
  }

  async close(): Promise<void> {
    await this.flush();
    this.winston.close();
    this.consoleLogger.close();
    this.console.off('error', this.ignoreError);
  }

  /** A console that is closed, such as a pipe without a reader, must not stop the service. */
  private readonly ignoreError = () => {};

  private warnAboutFile(event: string, error: unknown): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.lastWarningAtMs < FILE_WARNING_INTERVAL_MS) return;
    this.lastWarningAtMs = nowMs;
    this.consoleLogger.log({ level: 'warn', message: event, service: 'Logging', fields: { error } });
  }
}

type RequestContent = Omit<RequestRecord, 'service' | 'isBrief' | 'isPoll'>;

function toRequestFields({ accountId, durationMs, correlationId, ...request }: RequestContent): RequestFields {
  return {
    ...request,
    ...(accountId === undefined ? {} : { account_id: accountId }),
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
  };
}

function toBriefFields(record: RequestContent): LogFields {
  const { input: _input, response, ...fields } = toRequestFields(record);
  const error = valueAt(response, 'error');
  return { ...fields, ...(error === undefined ? {} : { code: error }) };
}

class WinstonLogger extends ServiceLogger {
  constructor(
    private readonly output: LogOutput,
    private readonly service: string,
  ) {
    super();
  }

  override error(message: string, fields?: LogFields): void {
    this.output.write({ level: 'error', message, service: this.service, fields });
  }

  override warn(message: string, fields?: LogFields): void {
    this.output.write({ level: 'warn', message, service: this.service, fields });
  }

  override info(message: string, fields?: LogFields): void {
    this.output.write({ level: 'info', message, service: this.service, fields });
  }

  override debug(message: string, fields?: LogFields): void {
    this.output.write({ level: 'debug', message, service: this.service, fields });
  }

  override logRequest({ service = this.service, isBrief = false, isPoll = false, ...request }: RequestRecord): void {
    const level = request.status >= 500 ? 'error' : isPoll ? 'debug' : 'info';
    const content = isBrief ? { fields: toBriefFields(request) } : { request: toRequestFields(request) };
    this.output.write({ level, message: 'request', service, ...content });
  }

  override isEnabled(level: LogLevel): boolean {
    return this.output.isEnabled(level);
  }

  override forService(service: string): ServiceLogger {
    return new WinstonLogger(this.output, service);
  }

  override flush(): Promise<void> {
    return this.output.flush();
  }

  override close(): Promise<void> {
    return this.output.close();
  }
}

/**
 * Creates the logger of a process: to the console and, with `folder`, to one file per local day. Failures of either never reach
 * the caller.
 */
export const createLogger = (options: LoggerOptions): ServiceLogger => new WinstonLogger(new LogOutput(options), options.service);
