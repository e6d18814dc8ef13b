import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { RawClient } from '../support/beanstalkd-process.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const ROUNDS = 20;
const POLL_MS = 5;
const modes = serviceModes().filter((mode) => mode === 'servers');

describe.each(modes.flatMap((mode) => ['A', 'B'].map((rotation) => ({ mode, rotation }))))(
  'two worker processes ($mode)',
  ({ mode, rotation }) => {
    it(`R25: send one renewal to Kommo for two simultaneous jobs, ${ROUNDS} times in a row, with rotation ${rotation}`, async () => {
      const switches = { 'kommo.rotation': rotation, 'kommo.token_delay_ms': 5 };
      const service = await ServiceProcesses.start({ mode, workers: 2, switches });
      try {
        const { accountId } = await service.addAccount();
        const queue = await RawClient.connect(service.queue.port);
        await queue.ask('use accesses\r\n');
        await service.control.forgetCalls();
        for (let round = 1; round <= ROUNDS; round += 1) {
          const job = JSON.stringify({ account_ids: [accountId], asked_at: systemClock.nowMs() });
          const put = `put 0 0 60 ${job.length}\r\n${job}\r\n`;
          await queue.ask(put + put, /INSERTED \d+\r\nINSERTED \d+\r\n$/);
          while ((await queue.count('stats-tube accesses', 'cmd-delete')) !== round * 2) await systemClock.sleep(POLL_MS);
        }
        const calls = await service.control.calls('/oauth2/access_token');
        expect(calls.map(({ status }) => status)).toEqual(new Array(ROUNDS).fill(200));
        expect(await service.api.send('GET', `/operations/accounts/${accountId}`)).toMatchObject({ status: 'active' });
        expect(await service.api.send('GET', `/kommo/contacts?id=${accountId}`)).toBeDefined();
        queue.close();
      } finally {
        await service.stop();
      }
    });
  },
);
