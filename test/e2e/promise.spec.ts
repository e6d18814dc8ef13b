import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../support/built-process.js';
import {
  HistoryPlayer,
  type Network,
  type Step,
  addPreexistingAddresses,
  findBrokenPromises,
  history,
} from '../support/promise-history.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const HISTORIES = 3;
const DISTURBED_HISTORIES = 2;
const KILLS = 3;
const seed = 807673159;

/** Delivers hooks without waiting for their effect. */
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

describe.each(serverModes)('the in-sync promise with real processes (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode, workers: 2, switches: { 'kommo.hook_hold': true, 'unisender.hook_hold': true } });
  });
  afterAll(() => service.stop());

  it.each(fc.sample(history, { seed, numRuns: HISTORIES }).map((steps, index) => ({ steps, index })))(
    `holds after history $index (seed ${seed})`,
    async ({ steps }) => {
      await runHistory(service, steps);
    },
  );

  it(`holds while workers are killed and the queue is restarted (seed ${seed})`, async () => {
    const steps = fc.sample(history, { seed: seed + 1, numRuns: DISTURBED_HISTORIES });
    const histories = steps.map((each) => runHistory(service, each.filter(isShared)));
    await Promise.all([...histories, disturb(service)]);
  });
});

/** Lost hooks are lost for every account, but only the account of the step would reconcile. */
const isShared = (step: Step): boolean => step.do !== 'lose';

async function disturb(service: ServiceProcesses): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await service.replaceWorker();
    if (kill % 2 === 0) await service.queue.restart();
  }
}

async function runHistory(service: ServiceProcesses, steps: readonly Step[]): Promise<void> {
  const account = await service.addAccount();
  const before = await addPreexistingAddresses(account);
  expect(await account.connect()).toMatchObject({ state: 'completed' });
  await new HistoryPlayer(networkOf(service), account).play(steps);
  await account.untilQuiet();
  // The last hooks may cause removals that wait for a confirmation.
  const findRest = async () => {
    await account.confirmRemovals();
    return findBrokenPromises(account, before);
  };
  const isKept = await eventually('a kept promise', async () => isEmpty(await findRest())).catch(() => false);
  if (!isKept) expect(await findRest()).toEqual([]);
}

const isEmpty = (list: readonly unknown[]): boolean => list.length === 0;
