import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { Secret, TransientError } from '#domain';
import { CronitorClient } from '#monitoring';
import { ScheduleRounds } from '../../../apps/worker/src/schedules/schedule-rounds.js';
import { eventually } from '../../support/built-process.js';
import { RecordingLogger } from '../../support/sync-harness.js';
import { reset, silence, startStubVendor, type StubVendor, text } from '../vendors/stub-vendor.js';

const API_KEY = 'planted-cronitor-key';

let cronitor: CronitorClient;
let server: StubVendor;
let logger: RecordingLogger;

beforeEach(async () => {
  server = await startStubVendor();
  logger = new RecordingLogger();
  cronitor = CronitorClient.create(
    { baseUrl: server.origin.origin, trustedUrl: server.origin.origin, apiKey: Secret.of(API_KEY), host: 'worker-1' },
    { clock: systemClock, logger },
  );
});

afterEach(async () => {
  await cronitor.close();
  await server.close();
});

const scheduleOf = (run: () => Promise<void>) => {
  const rounds = new ScheduleRounds({ claim: async () => true }, systemClock, cronitor);
  return { run: () => rounds.run({ name: 'sweep', every: { seconds: 30 }, rounds: 'own', run }) };
};

const receivedReports = async (count: number) => {
  await eventually(`${count} heartbeats`, () => server.requests.length >= count);
  return server.requests.map(({ method, path, query }) => ({ method, path, ...Object.fromEntries(query) }));
};

describe('heartbeats to Cronitor', () => {
  it('report start and end of a round as one series', async () => {
    server.respondWith(text('OK'));
    await scheduleOf(async () => {}).run();
    const [run, complete, ...more] = await receivedReports(2);
    const common = { method: 'GET', path: `/p/${API_KEY}/kommo-unisender-sweep`, host: 'worker-1' };
    expect(run).toMatchObject({ ...common, state: 'run', series: expect.any(String) });
    expect(complete).toEqual({ ...run, state: 'complete' });
    expect(more).toEqual([]);
  });

  it('report a failed round with the code of its error, not with its text', async () => {
    server.respondWith(text('OK'));
    const failure = new TransientError('the password is hunter2', { code: 'database_unavailable' });
    await expect(scheduleOf(() => Promise.reject(failure)).run()).rejects.toBe(failure);
    expect((await receivedReports(2))[1]).toMatchObject({ state: 'fail', message: 'database_unavailable' });
  });

  it('give each round its own series', async () => {
    server.respondWith(text('OK'));
    for (let round = 0; round < 2; round += 1) await scheduleOf(async () => {}).run();
    const series = (await receivedReports(4)).map((heartbeat) => (heartbeat as { series?: string }).series);
    expect(series[0]).toBe(series[1]);
    expect(new Set(series).size).toBe(2);
  });

  it('do not delay or stop the work, and do not pile up, while Cronitor does not respond', async () => {
    server.respondWith(silence);
    let rounds = 0;
    const schedule = scheduleOf(async () => void (rounds += 1));
    for (let round = 0; round < 100; round += 1) await schedule.run();
    expect(rounds).toBe(100);
    await receivedReports(1);
    expect(server.requests).toHaveLength(1);
    expect(logger.lines.filter((line) => line.includes('too many reports wait'))).not.toHaveLength(0);
  });

  it.each([
    ['a refusal', text('Invalid API key', 403)],
    ['an error', text(`error for /p/${API_KEY}`, 500)],
    ['a broken connection', reset],
  ])('continue after %s and never show the key', async (_, response) => {
    server.respondWith(response);
    await scheduleOf(async () => {}).run();
    await receivedReports(2);
    await eventually('two log lines', () => logger.lines.filter((line) => line.startsWith('warn')).length >= 2);
    expect(logger.lines.join('\n')).not.toContain(API_KEY);
    expect(inspect(cronitor, { depth: 8 })).not.toContain(API_KEY);
  });
});
