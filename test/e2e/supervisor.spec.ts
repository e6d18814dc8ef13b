import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltProcess, eventually, isAlive, listChildren } from '../support/built-process.js';
import { ServiceProcesses } from '../support/service-processes.js';

const ENTRY = { queue: 'bundle/queue.js', worker: 'bundle/worker.js', api: 'bundle/api.js' } as const;

/** Kommo calls an unreachable receiver only three times: here at once, after 3 s and after another 9 s. */
const HOOK_TIME_SCALE = 0.01;

describe('the service as one command', () => {
  let service: ServiceProcesses;

  beforeEach(async () => {
    service = await ServiceProcesses.start({ mode: 'embedded', switches: { 'kommo.hook_time_scale': HOOK_TIME_SCALE } });
  });
  afterEach(() => service.stop());

  const findChild = (name: keyof typeof ENTRY) => listChildren(service.command.pid).find(({ command }) => command.includes(ENTRY[name]));

  it.each(['queue', 'api'] as const)('R17: restarts a killed %s, and applies the changes made during the restart', async (name) => {
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
  });

  it('R34: leaves no process when it is killed', async () => {
    const children = listChildren(service.command.pid);
    expect(children).toHaveLength(3);
    await service.command.kill();
    await eventually('the end of every child', () => children.every(({ pid }) => !isAlive(pid)));
  });
});

describe('a start', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'start-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const startCommand = () =>
    new BuiltProcess({ entry: 'bundle/cli.js', args: ['start'], cwd: folder, env: { PORT: '0', HOST: '127.0.0.1' } });

  it('changes nothing and exits with 78 while another start holds DATA_DIR, and names that process', async () => {
    const first = startCommand();
    await first.waitForLine(/"api":"ready"/);
    const address = await readFile(join(folder, 'data/queue.address'), 'utf8');
    const children = listChildren(first.pid);
    const second = startCommand();
    expect(await second.waitForExit()).toBe(78);
    expect(second.output.split('\n')).toEqual([
      expect.stringMatching(`^Error: DATA_DIR .*data is in use by process ${first.pid} on .*: stop that`),
      expect.stringMatching(/^What to do: Stop the process/),
    ]);
    expect(await readFile(join(folder, 'data/queue.address'), 'utf8')).toBe(address);
    expect(listChildren(first.pid)).toEqual(children);
    await first.kill();
    const third = startCommand();
    await third.waitForLine(/"api":"ready"/);
    await third.stop();
  });

  it('R34: exits with 0 and leaves no process, even directly after the first one started', async () => {
    const command = startCommand();
    const children = await eventually('a first child', () => {
      const found = listChildren(command.pid);
      return found.length > 0 && found;
    });
    await command.stop();
    await eventually('the end of every child', () => children.every(({ pid }) => !isAlive(pid)));
  });
});
