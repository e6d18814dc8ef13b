import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { type Config, loadConfig } from '#config';
import { Database } from '#database';
import { createLogger } from '#logging';
import { type RunningApi, runApi } from '../../../apps/api/src/run-api.js';

/** The API as its main builds it, on a free port with an embedded database. */
describe('the API process', () => {
  let dataDir: string;
  let config: Config;
  let api: RunningApi | undefined;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'api-'));
    config = loadConfig({ DATA_DIR: dataDir, PORT: '0', HOST: '127.0.0.1' });
  });
  afterEach(async () => {
    await api?.close();
    api = undefined;
    await rm(dataDir, { recursive: true, force: true });
  });

  const migrate = async () => {
    const database = await Database.open(config.database, { clock: systemClock });
    await database.migrate();
    await database.close();
  };

  const start = async () => {
    const console = new Writable({ write: (_chunk, _encoding, done) => done() });
    const logger = createLogger({
      folder: config.logsFolderPath,
      keepDays: config.logKeepDays,
      format: 'text',
      level: 'info',
      clock: systemClock,
      service: 'Api',
      console,
    });
    api = await runApi(config, logger);
    return { url: `http://127.0.0.1:${api.port}`, logger };
  };

  const readLog = async () => {
    const [day = ''] = await readdir(config.logsFolderPath ?? '');
    return readFileSync(join(config.logsFolderPath ?? '', day, 'request.log'), 'utf8');
  };

  it('is live but not ready while the schema is old or the queue is down', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const ready = await fetch(`${url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({
      status: 'not_ready',
      checks: { database: 'up', migrations: 'pending', queue: 'down', disk: 'up', workers: 'unknown' },
    });
  });

  it('logs requests and responses in the format of the predecessors, with secrets masked', async () => {
    await migrate();
    const { url, logger } = await start();
    const headers = { authorization: `Bearer ${config.operatorToken.reveal()}`, 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'client_id=abc&client_secret=planted-secret&redirect_uri=https%3A%2F%2Fa.example%2Fauth';
    expect((await fetch(`${url}/integration`, { method: 'POST', headers, body })).status).toBe(200);
    expect((await fetch(`${url}/auth?code=planted-code&referer=evil.test&state=planted-state`)).status).toBe(400);
    await logger.flush();
    const log = await readLog();
    expect(log).toMatch(/^\[.+\] Integration \. INFO: input POST \/integration /m);
    expect(log).toContain('Integration . INFO: Creating response with 200 status code.');
    expect(log).toContain('Auth . INFO: Creating response with 400 status code.');
    for (const secret of ['planted-secret', 'planted-code', 'planted-state', config.operatorToken.reveal()])
      expect(log).not.toContain(secret);
  });

  it('finishes running requests before it closes', async () => {
    await migrate();
    const { url } = await start();
    const body = 'client_id=abc&client_secret=s&redirect_uri=https%3A%2F%2Fa.example%2Fauth';
    const headers = {
      authorization: `Bearer ${config.operatorToken.reveal()}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    };
    const sending = request(`${url}/integration`, { method: 'POST', headers, agent: false });
    const response = once(sending, 'response') as Promise<[IncomingMessage]>;
    sending.write(body.slice(0, 10));
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const closing = api?.close();
    api = undefined;
    sending.end(body.slice(10));
    const [{ statusCode }] = await response;
    expect(statusCode).toBe(200);
    await closing;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  });

  it('still serves requests after a stop signal, but is not ready and closes every connection', async () => {
    await migrate();
    config = { ...config, shutdownDelaySeconds: 1 };
    const { url } = await start();
    const closing = api?.close();
    api = undefined;
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    expect(await ready.json()).toMatchObject({ status: 'not_ready', stopping: true, checks: { database: 'up' } });
    const served = await fetch(`${url}/sum?first=1&second=2`);
    expect([served.status, served.headers.get('connection')]).toEqual([200, 'close']);
    await closing;
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  });
});
