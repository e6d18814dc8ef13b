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
    { baseUrl: server.origin.origin, apiKey: Secret.of(API_KEY), host: 'worker-1' },
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

const told = async (count: number) => {
  await eventually(`${count} heartbeats`, () => server.requests.length >= count);
  return server.requests.map(({ method, path, query }) => ({ method, path, ...Object.fromEntries(query) }));
};

describe('heartbeats to Cronitor', () => {
  it('say when a round begins and that it is complete, as one series', async () => {
    server.answer(text('OK'));
    await scheduleOf(async () => {}).run();
    const [run, complete, ...more] = await told(2);
    const common = { method: 'GET', path: `/p/${API_KEY}/kommo-unisender-sweep`, host: 'worker-1' };
    expect(run).toMatchObject({ ...common, state: 'run', series: expect.any(String) });
    expect(complete).toEqual({ ...run, state: 'complete' });
    expect(more).toEqual([]);
  });

  it('say that a round failed, by the code of its error and not by its text', async () => {
    server.answer(text('OK'));
    const failure = new TransientError('the password is hunter2', { code: 'database_unavailable' });
    await expect(scheduleOf(() => Promise.reject(failure)).run()).rejects.toBe(failure);
    expect((await told(2))[1]).toMatchObject({ state: 'fail', message: 'database_unavailable' });
  });

  it('give each round a series of its own', async () => {
    server.answer(text('OK'));
    for (let round = 0; round < 2; round += 1) await scheduleOf(async () => {}).run();
    const series = (await told(4)).map((heartbeat) => (heartbeat as { series?: string }).series);
    expect(series[0]).toBe(series[1]);
    expect(new Set(series).size).toBe(2);
  });

  it('neither delay nor stop the work, and do not pile up, while Cronitor says nothing', async () => {
    server.answer(silence);
    let rounds = 0;
    const schedule = scheduleOf(async () => void (rounds += 1));
    for (let round = 0; round < 100; round += 1) await schedule.run();
    expect(rounds).toBe(100);
    await told(1);
    expect(server.requests).toHaveLength(1);
    expect(logger.lines.filter((line) => line.includes('too many wait'))).not.toHaveLength(0);
  });

  it.each([
    ['a refusal', text('Invalid API key', 403)],
    ['an error', text(`error for /p/${API_KEY}`, 500)],
    ['a broken connection', reset],
  ])('outlive %s, and show the key nowhere', async (_, answer) => {
    server.answer(answer);
    await scheduleOf(async () => {}).run();
    await told(2);
    await eventually('two log lines', () => logger.lines.filter((line) => line.startsWith('warn')).length >= 2);
    expect(logger.lines.join('\n')).not.toContain(API_KEY);
    expect(inspect(cronitor, { depth: 8 })).not.toContain(API_KEY);
  });
});
