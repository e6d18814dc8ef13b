import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const CONTACTS_EACH = 3_000;

describe.each(serviceModes().filter((mode) => mode === 'servers'))('imports with the vendors’ limits on (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    const limits = { KOMMO_REQUESTS_PER_SECOND: '7', KOMMO_ACCOUNT_REQUESTS_PER_SECOND: '7', UNISENDER_REQUESTS_PER_MINUTE: '1200' };
    const switches = { 'kommo.requests_per_second': 7, 'unisender.requests_per_minute': 1_200, 'unisender.export_per_minute': 20 };
    service = await ServiceProcesses.start({ mode, workers: 2, env: limits, switches });
  }, 60_000);
  afterAll(() => service.stop(), 60_000);

  it('two accounts on two workers never see a 429', async () => {
    const accounts = [await service.addAccount(), await service.addAccount()];
    for (const { accountId } of accounts)
      await service.control.post(`/kommo/accounts/${accountId}/contacts`, { count: CONTACTS_EACH, seed: accountId, hooks: false });
    const runs = await Promise.all(accounts.map((account) => account.connect()));
    for (const run of runs) expect(run).toMatchObject({ state: 'completed', read: CONTACTS_EACH });
    const calls = await service.control.calls();
    expect(calls.filter(({ target }) => target === 'kommo').length).toBeGreaterThanOrEqual(2 * 12);
    expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  }, 120_000);
});
