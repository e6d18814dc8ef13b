import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const CONTACTS_EACH = 3_000;
/** What the service keeps, and where the emulated Kommo draws the line: a stalled machine moves single calls, not the rate. */
const LIMIT = 7;
const LINE = 9;
const WINDOW_SECONDS = 5;

/** The most calls that fall into any window. */
const mostInAWindow = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + WINDOW_SECONDS * 1_000).length));

describe.each(serviceModes().filter((mode) => mode === 'servers'))('imports with the vendors’ limits on (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    const limits = {
      KOMMO_REQUESTS_PER_SECOND: String(LIMIT),
      KOMMO_ACCOUNT_REQUESTS_PER_SECOND: String(LIMIT),
      UNISENDER_REQUESTS_PER_MINUTE: '1200',
    };
    const switches = { 'kommo.requests_per_second': LINE, 'unisender.requests_per_minute': 1_200, 'unisender.export_per_minute': 20 };
    service = await ServiceProcesses.start({ mode, workers: 2, env: limits, switches });
  }, 60_000);
  afterAll(() => service.stop(), 60_000);

  it('two accounts on two workers keep to the rate and never see a 429', async () => {
    const accounts = [await service.addAccount(), await service.addAccount()];
    for (const { accountId } of accounts)
      await service.control.post(`/kommo/accounts/${accountId}/contacts`, { count: CONTACTS_EACH, seed: accountId, hooks: false });
    const runs = await Promise.all(accounts.map((account) => account.connect()));
    for (const run of runs) expect(run).toMatchObject({ state: 'completed', read: CONTACTS_EACH });
    const calls = await service.control.calls();
    const kommoTimes = calls.filter(({ target }) => target === 'kommo').map(({ at_ms }) => at_ms);
    expect(kommoTimes.length).toBeGreaterThanOrEqual(2 * 12);
    expect(mostInAWindow(kommoTimes)).toBeLessThanOrEqual(LIMIT * WINDOW_SECONDS + (LINE - LIMIT));
    expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  }, 120_000);
});
