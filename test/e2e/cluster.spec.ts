import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Cluster } from '../cluster/cluster.js';
import { Trials } from '../cluster/trials.js';
import { BuiltProcess, eventually, isAlive, listChildren, listDescendants } from '../support/built-process.js';
import { serviceModes } from '../support/service-processes.js';

const HOOKS_PER_SECOND = 25;

describe.each(serviceModes().filter((mode) => mode === 'servers'))('the production topology (%s)', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'topology-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('refuses no webhook during a rolling restart, and loses none when an API and a worker are killed', async () => {
    const cluster = await Cluster.start({ environment: { SHUTDOWN_DELAY_SECONDS: '3', UNISENDER_EXPORT_POLL_MS: '50' } });
    try {
      const partsToKill = [cluster.apis[0], cluster.workers[0]].filter((part) => part !== undefined);
      const { observations, lost, acknowledged } = await Trials.run(cluster, { hooksPerSecond: HOOKS_PER_SECOND, partsToKill });
      const restarts = observations.filter(({ action }) => action === 'restart').map(({ part, refused }) => `${part}: ${refused} refused`);
      expect(restarts.sort()).toEqual(['api-1', 'api-2', 'worker-1', 'worker-2'].map((part) => `${part}: 0 refused`));
      expect(observations.filter(({ action }) => action === 'kill -9').map(({ part }) => part)).toEqual(['api-1', 'worker-1']);
      expect(acknowledged).toBeGreaterThan(0);
      expect(lost).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });

  it.each([
    ['the database is installed', 'mariadb-install-db'],
    ['the APIs start', 'bundle/api.js'],
  ])('leaves no process and no folder after Ctrl-C while %s', async (_moment, program) => {
    const command = new BuiltProcess({ entry: 'test/cluster/main.js', env: { TMPDIR: folder }, cwd: folder });
    await eventually(program, () => listChildren(command.pid).some(({ command: line }) => line.includes(program)));
    const descendants = listDescendants(command.pid);
    command.signal('SIGINT');
    expect(await command.waitForExit()).toBe(1);
    expect(descendants.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });
});
