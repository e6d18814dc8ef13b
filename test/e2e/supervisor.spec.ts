import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltProcess, eventually, isAlive, listChildren } from '../support/built-process.js';
import { ServiceProcesses } from '../support/service-processes.js';

const ENTRY = { queue: 'apps/cli/src/supervisor/embedded-queue-main', worker: 'apps/worker', api: 'apps/api' } as const;

/** Kommo calls an unreachable receiver only three times: here at once, after 3 s and after another 9 s. */
const HOOK_TIME_SCALE = 0.01;

describe('the service as one command', () => {
  let service: ServiceProcesses;

  beforeEach(async () => {
    service = await ServiceProcesses.start({ mode: 'embedded', switches: { 'kommo.hook_time_scale': HOOK_TIME_SCALE } });
  });
  afterEach(() => service.stop());

  const findChild = (name: keyof typeof ENTRY) => listChildren(service.command.pid).find(({ command }) => command.includes(ENTRY[name]));

  it.each(['queue', 'api'] as const)(
    'R17: restarts a killed %s, and applies the changes made during the restart',
    async (name) => {
      const account = await service.addAccount();
      await account.connect();
      const pid = findChild(name)?.pid;
      if (pid === undefined) throw new Error(`no process ${name}`);
      process.kill(pid, 'SIGKILL');
      await eventually('the end of the process', () => !isAlive(pid));
      await account.create({ name: 'Anna', emails: ['anna@example.com'] });
      await eventually('a new process', () => findChild(name) !== undefined);
      await eventually('a ready service', () => service.api.isReady());
      await eventually('anna on the list', async () => (await account.onList()).has('anna@example.com'));
    },
    90_000,
  );

  it('R34: leaves no process when it is killed', async () => {
    const children = listChildren(service.command.pid);
    expect(children).toHaveLength(3);
    await service.command.kill();
    await eventually('the end of every child', () => children.every(({ pid }) => !isAlive(pid)));
  });
});

describe('an interrupted start', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('R34: exits with 0 and leaves no process, even directly after the first one started', async () => {
    const command = new BuiltProcess({
      entry: 'apps/cli/src/main.js',
      args: ['start'],
      cwd: folder,
      env: { PORT: '0', HOST: '127.0.0.1' },
    });
    const children = await eventually('a first child', () => {
      const found = listChildren(command.pid);
      return found.length > 0 && found;
    });
    await command.stop();
    await eventually('the end of every child', () => children.every(({ pid }) => !isAlive(pid)));
  });
});
