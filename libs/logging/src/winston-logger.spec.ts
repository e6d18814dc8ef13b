import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#domain';
import type { ServiceLogger } from './service-logger.js';
import { createLogger, type LoggerOptions } from './winston-logger.js';

const at = (day: number, hour = 12, minute = 0, second = 0) => new Date(2026, 10, day, hour, minute, second, 7).getTime();

let dir: string;
let nowMs: number;
let printed: string;
const opened: ServiceLogger[] = [];

const screen = () =>
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      printed += chunk.toString();
      done();
    },
  });

function open(options: Partial<LoggerOptions> = {}): ServiceLogger {
  const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
  const logger = createLogger({
    folder: dir,
    keepDays: 14,
    format: 'text',
    level: 'info',
    clock,
    service: 'Api',
    console: screen(),
    ...options,
  });
  opened.push(logger);
  return logger;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'logging-'));
  nowMs = at(5, 9, 8, 6);
  printed = '';
});
afterEach(async () => {
  for (const logger of opened.splice(0)) await logger.close();
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true });
});

const fileOf = (day: string) => readFileSync(join(dir, day, 'request.log'), 'utf8');
const withoutTime = (text: string) => text.replace(/^\[[^\]]*\]/gm, '[time]');
const linesOf = (text: string) => text.trimEnd().split('\n');

describe('the log', () => {
  it('writes a line to the console and to the file of the day, whose folder has no leading zeros', async () => {
    const logger = open();
    logger.warn('it is late', { attempt: 2 });
    await logger.flush();
    expect(linesOf(fileOf('2026-11-5'))).toEqual([
      expect.stringMatching(/^\[2026-11-05T09:08:06\.007[+-]\d\d:\d\d\] Api \. WARN: it is late {"attempt":2}$/),
    ]);
    expect(printed).toBe(fileOf('2026-11-5'));
  });

  it('writes a request as three lines: input, status, response', async () => {
    const logger = open();
    logger.logRequest({
      service: 'Kommo',
      method: 'POST',
      path: '/setup?state=planted',
      input: { id: '1', client_secret: 'planted', email: 'ivan@example.com' },
      status: 200,
      response: { status: 'success', data: { name: 'Acme' }, code: 200 },
    });
    await logger.flush();
    expect(linesOf(withoutTime(printed))).toEqual([
      '[time] Kommo . INFO: input POST /setup?state=*** {"id":"1","client_secret":"***","email":"i***@e***.com"}',
      '[time] Kommo . INFO: Creating response with 200 status code.',
      '[time] Kommo . INFO: {"status":"success","data":{"name":"Acme"},"code":200}',
    ]);
  });

  it('writes a failed request as an error, with its duration and its correlation id', async () => {
    const logger = open({ level: 'error' });
    logger.logRequest({ method: 'GET', path: '/sum', input: {}, status: 500, response: {}, durationMs: 12.4, correlationId: 'c-1' });
    logger.logRequest({ method: 'GET', path: '/sum', input: {}, status: 400, response: {} });
    await logger.flush();
    expect(linesOf(withoutTime(printed))[0]).toBe('[time] Api . ERROR: input GET /sum {} 12 ms c-1');
    expect(linesOf(printed)).toHaveLength(3);
  });

  it('writes a request as one line in JSON', async () => {
    const logger = open({ format: 'json' });
    logger.logRequest({
      method: 'GET',
      path: '/accounts',
      input: { token: 'planted' },
      status: 401,
      response: { code: 401 },
      durationMs: 1,
    });
    await logger.flush();
    expect(linesOf(printed).map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: expect.stringContaining('2026-11-05T09:08:06.007'),
        level: 'info',
        service: 'Api',
        message: 'request',
        fields: { method: 'GET', path: '/accounts', input: { token: '***' }, status: 401, response: { code: 401 }, duration_ms: 1 },
      },
    ]);
  });

  it('writes a brief request as one line without its input and response, and one of a monitor at debug', async () => {
    const logger = open({ level: 'debug' });
    const request = { method: 'GET', path: '/operations/queues', input: { tube: 'x' }, accountId: 7, status: 404, durationMs: 2 };
    logger.logRequest({ ...request, response: { code: 404, error: 'not_found' }, isBrief: true, isPoll: true });
    await logger.flush();
    expect(withoutTime(printed)).toBe(
      '[time] Api . DEBUG: request {"method":"GET","path":"/operations/queues","status":404,"account_id":7,"duration_ms":2,"code":"not_found"}\n',
    );
  });

  it.each(['text', 'json'] as const)('hides the exact secrets of the configuration in every place (%s)', async (format) => {
    const logger = open({ format, secrets: [Secret.of('correct "horse" battery'), Secret.of('hunter2pass')] });
    logger.info('refused: correct "horse" battery', { name: 'hunter2pass', hunter2pass: 1, url: '/x/correct%20%22horse%22%20battery' });
    await logger.flush();
    expect(printed).not.toMatch(/hunter2|horse/);
  });

  it('writes to the next file after local midnight', async () => {
    const logger = open();
    nowMs = at(5, 23, 59, 59);
    logger.info('before');
    nowMs = at(6, 0, 0, 0);
    logger.info('after');
    await logger.flush();
    expect([fileOf('2026-11-5'), fileOf('2026-11-6')]).toEqual([expect.stringMatching(/before\n$/), expect.stringMatching(/after\n$/)]);
  });

  it('writes records of its level and above', () => {
    const logger = open({ level: 'warn' });
    for (const level of ['error', 'warn', 'info', 'debug'] as const) logger[level](level);
    expect(linesOf(withoutTime(printed))).toEqual(['[time] Api . ERROR: error', '[time] Api . WARN: warn']);
    expect([logger.isEnabled('warn'), logger.isEnabled('info')]).toEqual([true, false]);
  });

  it('writes under another service name', () => {
    open().forService('Worker').info('hello');
    expect(withoutTime(printed)).toBe('[time] Worker . INFO: hello\n');
  });

  it('writes one record as one line when its texts contain line breaks', async () => {
    for (const format of ['text', 'json'] as const) {
      printed = '';
      const logger = open({ format });
      logger.info('name\n[2026-11-05] Api . ERROR: forged', { name: 'x\r\n\u2028y', error: new Error('a\nb') });
      await logger.flush();
      expect(printed.match(/[\n\r\u2028]/g)).toEqual(['\n']);
    }
  });

  it.each(['text', 'json'] as const)('shows no planted secret in %s', async (format) => {
    const logger = open({ format, level: 'debug' });
    const error = new Error('POST https://user:planted@x.kommo.com/?code=planted', { cause: { config: { apiKey: 'planted' } } });
    logger.debug('Bearer planted', { secret: Secret.of('planted'), headers: { authorization: 'planted' }, error });
    logger.logRequest({ method: 'GET', path: '/webhook/planted', input: { api_key: 'planted' }, status: 200, response: 'token=planted' });
    await logger.flush();
    expect(printed + fileOf('2026-11-5')).not.toContain('planted');
  });

  it('writes to the console only without a folder', async () => {
    const logger = open({ folder: undefined });
    logger.info('hello');
    await logger.flush();
    expect(printed).toContain('hello');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('writes to a new file after its folder was moved', async () => {
    const logger = open();
    logger.info('one');
    await logger.flush();
    renameSync(join(dir, '2026-11-5'), join(dir, 'old'));
    logger.info('two');
    await logger.flush();
    expect(linesOf(withoutTime(fileOf('2026-11-5')))).toEqual(['[time] Api . INFO: two']);
  });

  it('keeps the order of many lines', async () => {
    const logger = open({ console: new PassThrough().resume() });
    for (let index = 0; index < 2_000; index += 1) logger.info(`line ${index}`);
    await logger.flush();
    expect(linesOf(fileOf('2026-11-5')).map((line) => Number(line.split(' ').at(-1)))).toEqual(
      Array.from({ length: 2_000 }, (_, index) => index),
    );
  });
});

describe('a log file that is full', () => {
  it('is followed by the next one of its day, also when several processes write', async () => {
    const loggers = [open({ maxFileBytes: 300 }), open({ maxFileBytes: 300 })];
    for (let index = 0; index < 20; index += 1) {
      for (const logger of loggers) logger.info(`line ${index}`);
      await Promise.all(loggers.map((logger) => logger.flush()));
    }
    const files = readdirSync(join(dir, '2026-11-5'));
    expect(files.length).toBeGreaterThan(3);
    const lines = files.flatMap((file) => linesOf(readFileSync(join(dir, '2026-11-5', file), 'utf8')));
    expect(lines).toHaveLength(40);
    expect(lines.filter((line) => /^\[[^\]]+\] Api \. INFO: line \d+$/.test(line))).toHaveLength(40);
  });

  it('is deleted when its day has too many', async () => {
    const logger = open({ maxFileBytes: 1, maxFilesPerDay: 3 });
    for (let index = 1; index <= 6; index += 1) {
      logger.info(`line ${index}`);
      await logger.flush();
    }
    expect(readdirSync(join(dir, '2026-11-5')).sort()).toEqual(['request.4.log', 'request.5.log', 'request.6.log']);
  });

  it('is deleted with the others of its day', async () => {
    const logger = open({ maxFileBytes: 1, keepDays: 1 });
    for (let index = 0; index < 3; index += 1) {
      logger.info('hello');
      await logger.flush();
    }
    nowMs = at(9);
    logger.info('later');
    await logger.flush();
    expect(readdirSync(dir)).toEqual(['2026-11-9']);
  });
});

describe('old log files', () => {
  const makeDay = (day: string, ...files: string[]) => {
    mkdirSync(join(dir, day));
    for (const file of files) writeFileSync(join(dir, day, file), 'x');
  };

  it('are deleted with their folders when their day is more than LOG_KEEP_DAYS ago', async () => {
    for (const day of ['2026-10-20', '2026-10-21', '2026-10-22', '2025-12-31']) makeDay(day, 'request.log');
    const logger = open({ keepDays: 14 });
    logger.info('first line of the process');
    await logger.flush();
    expect(readdirSync(dir).sort()).toEqual(['2026-10-22', '2026-11-5']);
    nowMs = at(6);
    logger.info('first line of the next day');
    await logger.flush();
    expect(readdirSync(dir).sort()).toEqual(['2026-11-5', '2026-11-6']);
  });

  it('are the only files that are deleted', async () => {
    makeDay('2026-1-1', 'request.log', 'notes.txt');
    makeDay('2026-01-02', 'request.log');
    makeDay('archive', 'request.log');
    const logger = open({ keepDays: 1 });
    logger.info('hello');
    await logger.flush();
    expect(readdirSync(dir).sort()).toEqual(['2026-01-02', '2026-1-1', '2026-11-5', 'archive']);
    expect(readdirSync(join(dir, '2026-1-1'))).toEqual(['notes.txt']);
  });

  it('cause a warning on the console when they cannot be deleted', async () => {
    mkdirSync(join(dir, '2026-1-1', 'request.log'), { recursive: true });
    const logger = open();
    logger.info('hello');
    await logger.flush();
    const lines = linesOf(withoutTime(printed)).map((line) => line.split(' {')[0]);
    expect(lines).toEqual(['[time] Api . INFO: hello', '[time] Logging . WARN: old log files not deleted']);
  });
});

describe('when the file cannot be written', () => {
  it('warns on the console once a minute and continues', async () => {
    writeFileSync(join(dir, '2026-11-5'), 'a file where the folder should be');
    const logger = open();
    for (const text of ['one', 'two', 'three']) {
      logger.info(text);
      await logger.flush();
      if (text === 'two') nowMs += 60_000;
    }
    const lines = linesOf(withoutTime(printed)).map((line) => line.split(' {')[0]);
    const warning = '[time] Logging . WARN: log file write failed';
    expect(lines).toEqual(['[time] Api . INFO: one', warning, '[time] Api . INFO: two', '[time] Api . INFO: three', warning]);
  });

  it('writes again as soon as the file can be written', async () => {
    writeFileSync(join(dir, '2026-11-5'), '');
    const logger = open();
    logger.info('lost');
    await logger.flush();
    rmSync(join(dir, '2026-11-5'));
    mkdirSync(join(dir, '2026-11-5'));
    logger.info('kept');
    await logger.flush();
    expect(linesOf(withoutTime(fileOf('2026-11-5')))).toEqual(['[time] Api . INFO: kept']);
  });
});

it('writes to the file when the console is closed', async () => {
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const logger = open({ console: broken });
  for (let index = 0; index < 3; index += 1) {
    logger.info(`line ${index}`);
    await logger.flush();
  }
  expect(linesOf(fileOf('2026-11-5'))).toHaveLength(3);
});
