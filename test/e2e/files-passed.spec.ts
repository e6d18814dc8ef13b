import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const tracer = new URL('../support/file-tracer.js', import.meta.url).href;
const CONTACTS = 600;

describe.each(serviceModes().filter((mode) => mode === 'servers'))('the files that a change passes (%s)', (mode) => {
  let folder: string;
  let service: ServiceProcesses;
  let account: ServiceAccount;
  let taken: number;

  const startService = async (moreEnv: NodeJS.ProcessEnv = {}): Promise<void> => {
    taken = 0;
    folder = await mkdtemp(join(tmpdir(), 'files-'));
    const env = {
      FILE_TRACE_FOLDER: folder,
      NODE_OPTIONS: `--enable-source-maps --import ${tracer}`,
      SWEEP_SECONDS: '3600',
      ...moreEnv,
    };
    service = await ServiceProcesses.start({ mode, env, isBundled: false });
    account = await service.addAccount();
    await service.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count: CONTACTS, seed: 8, hooks: false });
    await account.connect();
    await account.untilQuiet();
  };

  afterEach(async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The files since the last call, of API and worker. */
  const takeFiles = async (): Promise<string[]> => {
    taken += 1;
    const names = [service.apiServer, service.worker].map((process) => {
      process.signal('SIGUSR2');
      return join(folder, `${process.pid}-${taken}.json`);
    });
    const read = async (name: string) => JSON.parse(await readFile(name, 'utf8')) as string[];
    const lists = await eventually('the names of the files', () => Promise.all(names.map(read)));
    return [...new Set(lists.flat())].sort();
  };

  /** The files of one hook, from the socket to the call to Unisender. */
  const takeFilesOfHook = async (name: string): Promise<string[]> => {
    await account.untilQuiet();
    await takeFiles();
    const email = `${name}@example.org`;
    await account.create({ name, emails: [email] });
    await eventually('the address in Unisender', async () => (await account.held()).has(email));
    return takeFiles();
  };

  it('are at most 40 for a hook whose token is cached, from the socket to the call to Unisender', async () => {
    await startService({ FILE_TRACE_UNTIL: 'importContacts' });
    const files = await eventually('a hook within five seconds of another', async () => {
      await takeFilesOfHook(`first-${taken}`);
      const passed = await takeFilesOfHook(`next-${taken}`);
      expect(passed).not.toContain('libs/database/src/stores/webhook-token.store.ts');
      // Counts are stored every ten seconds and contacts counted every minute; that is no part of the hook.
      expect(passed).not.toContain('libs/database/src/rate/throughput-counter.ts');
      expect(passed).not.toContain('libs/sync/src/accounts/contact-counter.ts');
      return passed;
    });
    process.stdout.write(`A hook passes ${files.length} files:\n${files.join('\n')}\n`);
    expect(files).toEqual(
      expect.arrayContaining(['apps/api/src/webhooks/kommo-webhook.route.ts', 'libs/unisender/src/unisender-client.ts']),
    );
    expect(files.length).toBeLessThanOrEqual(40);
  });

  it('are at most 75 for an import run', async () => {
    await startService();
    await takeFiles();
    await service.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count: CONTACTS, seed: 9, hooks: false });
    const runId = await account.startRun('import');
    expect(await account.untilEnded(runId)).toMatchObject({ state: 'completed' });
    const files = await takeFiles();
    process.stdout.write(`An import run passes ${files.length} files:\n${files.join('\n')}\n`);
    expect(files).toEqual(expect.arrayContaining(['libs/sync/src/runs/run-worker.ts', 'libs/kommo/src/kommo-client.ts']));
    expect(files.length).toBeLessThanOrEqual(75);
  });
});
