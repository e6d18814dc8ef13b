import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../support/built-process.js';
import { Life, type Network, type Step, addEarlierSubscribers, findBrokenPromises, history } from '../support/promise-history.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const HISTORIES = 12;
const LIVES_UNDER_FIRE = 5;
const KILLS = 5;
const seed = Math.trunc(Math.random() * 2 ** 31);

/** Nobody waits for what was delivered before life goes on. */
const networkOf = ({ control }: ServiceProcesses): Network => ({
  deliver: async ({ copies, order }) => {
    await control.set({ 'kommo.hook_order': order });
    await control.post('/kommo/hooks/flush');
    await control.post('/unisender/hooks/flush');
    await control.set({ 'kommo.hook_duplicates': copies });
  },
  lose: async () => {
    await control.post('/kommo/hooks/drop');
  },
});

const serverModes = serviceModes().filter((mode) => mode === 'servers');

describe.each(serverModes)('the promise through processes (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode, workers: 2, switches: { 'kommo.hook_hold': true, 'unisender.hook_hold': true } });
  }, 60_000);
  afterAll(() => service.stop(), 60_000);

  it.each(fc.sample(history, { seed, numRuns: HISTORIES }).map((steps, index) => ({ steps, index })))(
    `holds after history $index (seed ${seed})`,
    async ({ steps }) => {
      await liveThrough(service, steps);
    },
    90_000,
  );

  it(`holds when workers are killed and the queue is restarted all the while (seed ${seed})`, async () => {
    const steps = fc.sample(history, { seed: seed + 1, numRuns: LIVES_UNDER_FIRE });
    const lives = steps.map((each) => liveThrough(service, each.filter(isShared)));
    await Promise.all([...lives, fireAt(service)]);
  }, 180_000);
});

/** Lost hooks are lost to every account at once, and nobody but the one that lost them would reconcile. */
const isShared = (step: Step): boolean => step.do !== 'lose';

async function fireAt(service: ServiceProcesses): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await service.replaceWorker();
    if (kill % 2 === 0) await service.queue.restart();
  }
}

async function liveThrough(service: ServiceProcesses, steps: readonly Step[]): Promise<void> {
  const account = await service.addAccount();
  const before = await addEarlierSubscribers(account);
  expect(await account.connect()).toMatchObject({ state: 'completed' });
  await new Life(networkOf(service), account).live(steps);
  await account.untilQuiet(60_000);
  const isKept = await eventually('a kept promise', () => findBrokenPromises(account, before).then(isEmpty), 5_000).catch(() => false);
  if (!isKept) expect(await findBrokenPromises(account, before)).toEqual([]);
}

const isEmpty = (list: readonly unknown[]): boolean => list.length === 0;
