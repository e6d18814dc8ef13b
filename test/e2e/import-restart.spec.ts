import { afterEach, describe, expect, it } from '@jest/globals';
import { parseAddress } from '#domain';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

/** The second mode repeats the test with fewer contacts: the way is the same but for database and queue. */
const CONTACTS = { embedded: 20_000, servers: 6_000 } as const;

/** Every address that must be on the list. */
const sendable = async (account: ServiceAccount): Promise<Set<string>> => {
  const addresses = (await account.contacts()).flatMap(({ emails }) => emails.map(parseAddress));
  return new Set(addresses.filter(({ invalidReason }) => invalidReason === null).map(({ email }) => email));
};

describe.each(serviceModes())('a large import (%s)', (mode) => {
  const count = CONTACTS[mode];
  let service: ServiceProcesses;

  afterEach(() => service.stop());

  it('R08: responds before the run has ended, resumes where a killed worker stopped, and counts no contact twice', async () => {
    service = await ServiceProcesses.start({ mode });
    const account = await service.addAccount();
    await service.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count, seed: 8, hooks: false });
    const runId = await account.saveKey();
    const started = await account.getRun(runId);
    expect(['queued', 'running']).toContain(started.state);
    const killed = await eventually('the middle of the run', async () => {
      const run = await account.getRun(runId);
      return run.page >= count / 1_250 && run;
    });
    await service.replaceWorker();
    expect(killed.state).toBe('running');
    const ended = await account.untilEnded(runId);
    const wanted = await sendable(account);
    const listed = [...(await account.onList()).keys()];
    expect(ended).toMatchObject({ state: 'completed', read: count, error: null });
    expect(new Set(listed)).toEqual(wanted);
    expect(ended.created).toBe(listed.length);
    expect(await account.getAccount()).toMatchObject({ jobs_waiting: 0, active_run_id: null });
  });
});
