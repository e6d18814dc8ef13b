import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/built-process.js';
import { ServiceProcesses } from '../support/service-processes.js';

const CONTACTS = 1_500;

describe('a service whose database was lost', () => {
  let service: ServiceProcesses;

  beforeEach(async () => {
    service = await ServiceProcesses.start({ mode: 'embedded' });
  });
  afterEach(() => service.stop());

  const runCommand = async (...args: string[]) => {
    const { exitCode, output } = await service.runCommandWithOutput(...args);
    expect({ args, exitCode, output }).toMatchObject({ exitCode: 0 });
  };

  it('continues an import from the page of its backup after a restore, counts no contact twice, and applies later webhooks', async () => {
    const account = await service.addAccount();
    await service.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count: CONTACTS, seed: 3, hooks: false });
    await service.control.fault({ target: 'kommo', kind: '503', match: 'page=5', times: 1_000 });
    const runId = await account.saveKey();
    await eventually('the middle of the import', async () => (await account.getRun(runId)).page >= 2);
    const backup = join(service.folder, 'saved.backup');
    const database = join(service.folder, 'data', 'sync.sqlite');
    await service.restart(async () => {
      await runCommand('backup', '--to', backup);
      for (const file of [database, `${database}-wal`, `${database}-shm`]) await rm(file, { force: true });
      await runCommand('restore', backup);
      expect(existsSync(database)).toBe(true);
      await service.control.clearFaults();
      await service.control.forgetCalls();
    });
    expect(await account.untilEnded(runId)).toMatchObject({ state: 'completed', read: CONTACTS, error: null });
    await account.create({ name: 'Later', emails: ['later@example.com'] });
    await eventually('the later contact', async () => (await account.onList()).has('later@example.com'));
    await account.untilQuiet();
    const pages = (await service.control.calls('/api/v4/contacts')).flatMap(({ query }) => /page=(\d+)/.exec(query)?.[1] ?? []);
    expect(Number(pages[0])).toBeGreaterThan(2);
  });
});
