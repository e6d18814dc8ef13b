import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../support/built-process.js';
import { Life, type Network, addEarlierSubscribers, findBrokenPromises, history } from '../support/promise-history.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const HISTORIES = 6;
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
      const account = await service.addAccount();
      const before = await addEarlierSubscribers(account);
      expect(await account.connect()).toMatchObject({ state: 'completed' });
      await new Life(networkOf(service), account).live(steps);
      await account.untilQuiet();
      const broken = await eventually('a kept promise', () => findBrokenPromises(account, before).then(isEmpty), 5_000).catch(() => false);
      if (!broken) expect(await findBrokenPromises(account, before)).toEqual([]);
    },
    90_000,
  );
});

const isEmpty = (list: readonly unknown[]): boolean => list.length === 0;
