import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#domain';
import { createLogger, type LoggerOptions, type ServiceLogger } from './logger.js';

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
  const logger = createLogger({ folder: dir, format: 'text', level: 'info', clock, service: 'Api', console: screen(), ...options });
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
  it('writes a line to the console and to the file of the day, its name without zeros in front', async () => {
    const logger = open();
    logger.warn('it is late', { attempt: 2 });
    await logger.flush();
    expect(linesOf(fileOf('2026-11-5'))).toEqual([
      expect.stringMatching(/^\[2026-11-05T09:08:06\.007[+-]\d\d:\d\d\] Api \. WARN: it is late {"attempt":2}$/),
    ]);
    expect(printed).toBe(fileOf('2026-11-5'));
  });

  it('writes a request as its input, the status and the response', async () => {
    const logger = open();
    logger.requestLog({
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

  it('writes a failed request as an error, with how long it took and its correlation id', async () => {
    const logger = open({ level: 'error' });
    logger.requestLog({ method: 'GET', path: '/sum', input: {}, status: 500, response: {}, durationMs: 12.4, correlationId: 'c-1' });
    logger.requestLog({ method: 'GET', path: '/sum', input: {}, status: 400, response: {} });
    await logger.flush();
    expect(linesOf(withoutTime(printed))[0]).toBe('[time] Api . ERROR: input GET /sum {} 12 ms c-1');
    expect(linesOf(printed)).toHaveLength(3);
  });

  it('writes a request in one line of JSON in the other format', async () => {
    const logger = open({ format: 'json' });
    logger.requestLog({
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
        fields: { method: 'GET', path: '/accounts', input: { token: '***' }, status: 401, response: { code: 401 }, durationMs: 1 },
      },
    ]);
  });

  it('goes over to the next file at local midnight', async () => {
    const logger = open();
    nowMs = at(5, 23, 59, 59);
    logger.info('before');
    nowMs = at(6, 0, 0, 0);
    logger.info('after');
    await logger.flush();
    expect([fileOf('2026-11-5'), fileOf('2026-11-6')]).toEqual([expect.stringMatching(/before\n$/), expect.stringMatching(/after\n$/)]);
  });

  it('writes what its level allows', () => {
    const logger = open({ level: 'warn' });
    for (const level of ['error', 'warn', 'info', 'debug'] as const) logger[level](level);
    expect(linesOf(withoutTime(printed))).toEqual(['[time] Api . ERROR: error', '[time] Api . WARN: warn']);
    expect([logger.isEnabled('warn'), logger.isEnabled('info')]).toEqual([true, false]);
  });

  it('speaks for another service', () => {
    open().forService('Worker').info('hello');
    expect(withoutTime(printed)).toBe('[time] Worker . INFO: hello\n');
  });

  it('keeps one record in one line, whatever it contains', async () => {
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
    logger.requestLog({ method: 'GET', path: '/webhook/planted', input: { api_key: 'planted' }, status: 200, response: 'token=planted' });
    await logger.flush();
    expect(printed + fileOf('2026-11-5')).not.toContain('planted');
  });

  it('writes nothing but the console without a folder', async () => {
    const logger = open({ folder: undefined });
    logger.info('hello');
    await logger.flush();
    expect(printed).toContain('hello');
    expect(readdirSync(dir)).toEqual([]);
  });

  it('goes on in a new file when its folder is taken away', async () => {
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

describe('when the file cannot be written', () => {
  it('says so on the console once a minute and goes on', async () => {
    writeFileSync(join(dir, '2026-11-5'), 'a file where the folder should be');
    const logger = open();
    for (const text of ['one', 'two', 'three']) {
      logger.info(text);
      await logger.flush();
      if (text === 'two') nowMs += 60_000;
    }
    const lines = linesOf(withoutTime(printed)).map((line) => line.split(' {')[0]);
    const complaint = '[time] Logging . WARN: The log file cannot be written';
    expect(lines).toEqual(['[time] Api . INFO: one', complaint, '[time] Api . INFO: two', '[time] Api . INFO: three', complaint]);
  });

  it('writes again as soon as it can', async () => {
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

it('goes on when the console is gone', async () => {
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const logger = open({ console: broken });
  for (let index = 0; index < 3; index += 1) {
    logger.info(`line ${index}`);
    await logger.flush();
  }
  expect(linesOf(fileOf('2026-11-5'))).toHaveLength(3);
});
