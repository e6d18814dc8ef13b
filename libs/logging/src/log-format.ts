import winston from 'winston';
import type { Clock, LogFields, Secret } from '#domain';
import { hideExactSecrets } from './exact-secrets.js';
import { toLocalTime } from './local-time.js';
import { mask } from './mask.js';
import { maskText } from './mask-text.js';

/** The importance of a record; see Logger. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
/** `text` in the form of the predecessor, or one JSON object per line. */
export type LogFormat = 'text' | 'json';

/** An HTTP request and its response, as the fields of a record. */
export interface RequestFields {
  readonly method: string;
  readonly path: string;
  readonly account_id?: number | undefined;
  readonly input: unknown;
  readonly status: number;
  readonly response: unknown;
  readonly duration_ms?: number | undefined;
  readonly correlation_id?: string | undefined;
}

/** One record as it enters winston: with `fields`, or with a `request`, or with neither. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  readonly service: string;
  readonly fields?: LogFields | undefined;
  readonly request?: RequestFields | undefined;
}

/** A record after the formats that add the time and mask its content. */
type MaskedRecord = LogRecord & { readonly time: string };

const isEmpty = (fields: LogFields) => Object.keys(fields).length === 0;

/** Input and response are masked one by one, so that a long input leaves room for the response. */
const maskRequest = (request: RequestFields) => Object.fromEntries(Object.entries(request).map(([name, value]) => [name, mask(value)]));

/** Masks everything in a record that is not our own constant text. */
const maskRecord = winston.format((info) => {
  const { message, fields, request } = info as unknown as LogRecord;
  return {
    ...info,
    message: maskText(message),
    fields: fields === undefined || isEmpty(fields) ? undefined : mask(fields),
    request: request && maskRequest(request),
  };
});

function toRequestLines({ method, path, account_id, input, status, response, duration_ms, correlation_id }: RequestFields): string[] {
  const notes = [
    account_id === undefined ? [] : `account ${account_id}`,
    duration_ms === undefined ? [] : `${Math.round(duration_ms)} ms`,
    correlation_id ?? [],
  ].flat();
  return [
    ['input', method, path, JSON.stringify(input), ...notes].join(' '),
    `Creating response with ${status} status code.`,
    JSON.stringify(response),
  ];
}

/** `[time] Service . LEVEL: message {fields}`; a request is three such lines. */
function toText({ level, time, service, message, fields, request }: MaskedRecord): string {
  const lines = request ? toRequestLines(request) : [[message, ...(fields ? [JSON.stringify(fields)] : [])].join(' ')];
  return lines.map((line) => `[${time}] ${service} . ${level.toUpperCase()}: ${line}`).join('\n');
}

/** Leaves the keys of a JSON line, in their order. Symbols are winston's own. */
const toJsonShape = winston.format(({ time, level, service, message, fields, request, timestamp: _, ...symbols }) => ({
  time,
  level,
  service,
  message,
  fields: fields ?? request,
  ...symbols,
}));

/** Formats records as masked lines, without these secrets in any place. The records keep their local time in `time`. */
export const createLogFormat = (format: LogFormat, clock: Clock, secrets: readonly Secret[]): winston.Logform.Format =>
  winston.format.combine(
    winston.format.timestamp({ format: () => toLocalTime(clock.nowMs()), alias: 'time' }),
    maskRecord(),
    ...(format === 'json'
      ? [toJsonShape(), winston.format.json({ deterministic: false })]
      : [winston.format.printf((info) => toText(info as unknown as MaskedRecord))]),
    hideExactSecrets(secrets),
  );
