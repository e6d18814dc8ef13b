import { toLocalTime } from './local-time.js';
import { mask } from './mask.js';

/** How much a record matters; see Logger. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
/** For eyes, or for machines. */
export type LogFormat = 'text' | 'json';

/** One record before it becomes a line; its message is masked, its fields not yet. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly timeMs: number;
  readonly service: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

const isEmpty = (fields: LogRecord['fields']) => fields === undefined || Object.keys(fields).length === 0;

/** `[time] Service . LEVEL: message {fields}` */
function toTextLine({ level, timeMs, service, message, fields }: LogRecord): string {
  const head = `[${toLocalTime(timeMs)}] ${service} . ${level.toUpperCase()}: ${message}`;
  return isEmpty(fields) ? head : `${head} ${JSON.stringify(mask(fields))}`;
}

function toJsonLine({ level, timeMs, service, message, fields }: LogRecord): string {
  const head = { time: toLocalTime(timeMs), level, service, message };
  const masked = isEmpty(fields) ? {} : { fields: mask(fields) };
  return JSON.stringify({ ...head, ...masked });
}

/** The record as one line, masked. */
export const toLine = (record: LogRecord, format: LogFormat): string => (format === 'json' ? toJsonLine(record) : toTextLine(record));
