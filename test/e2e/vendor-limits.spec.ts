import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const CONTACTS_EACH = 3_000;
/** The limit of the service in requests per second. */
const LIMIT = 7;
/** The limit of the emulated Kommo. It is higher, because a slow machine may delay single calls into the next window. */
const KOMMO_LIMIT = 9;
const WINDOW_SECONDS = 5;

/** The highest number of calls in any window. */
const mostInAWindow = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + WINDOW_SECONDS * 1_000).length));

describe.each(serviceModes().filter((mode) => mode === 'servers'))('imports with the limits of both vendors (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    const limits = {
      KOMMO_REQUESTS_PER_SECOND: String(LIMIT),
      KOMMO_ACCOUNT_REQUESTS_PER_SECOND: String(LIMIT),
      UNISENDER_REQUESTS_PER_MINUTE: '1200',
    };
    const switches = {
      'kommo.requests_per_second': KOMMO_LIMIT,
      'unisender.requests_per_minute': 1_200,
      'unisender.export_per_minute': 20,
    };
    service = await ServiceProcesses.start({ mode, workers: 2, env: limits, switches });
  });
  afterAll(() => service.stop());

  it('keep the rate with two accounts on two workers, and never get status 429', async () => {
    const accounts = [await service.addAccount(), await service.addAccount()];
    for (const { accountId } of accounts)
      await service.control.post(`/kommo/accounts/${accountId}/contacts`, { count: CONTACTS_EACH, seed: accountId, hooks: false });
    const runs = await Promise.all(accounts.map((account) => account.connect()));
    for (const run of runs) expect(run).toMatchObject({ state: 'completed', read: CONTACTS_EACH });
    const calls = await service.control.calls();
    const kommoTimes = calls.filter(({ target }) => target === 'kommo').map(({ at_ms }) => at_ms);
    expect(kommoTimes.length).toBeGreaterThanOrEqual(2 * 12);
    expect(mostInAWindow(kommoTimes)).toBeLessThanOrEqual(LIMIT * WINDOW_SECONDS + (KOMMO_LIMIT - LIMIT));
    expect(calls.filter(({ status }) => status === 429)).toEqual([]);
  });
});
