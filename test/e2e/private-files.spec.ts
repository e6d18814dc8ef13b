import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listChildren } from '../support/built-process.js';
import { ServiceProcesses } from '../support/service-processes.js';

/** Group and others. */
const OTHERS = 0o077;

describe('the built service', () => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode: 'embedded', env: { ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') } });
    await (await service.addAccount()).connect();
  }, 180_000);

  afterAll(() => service.stop(), 60_000);

  it('S18: writes no file that other users of the machine can read', async () => {
    const folder = join(service.folder, 'data');
    const entries = await readdir(folder, { recursive: true });
    const modes = await Promise.all(entries.map(async (entry) => ({ entry, mode: (await stat(join(folder, entry))).mode & OTHERS })));
    expect(entries).toEqual(expect.arrayContaining(['sync.sqlite', 'queue', 'logs']));
    expect(modes.filter(({ mode }) => mode !== 0)).toEqual([]);
  });

  it('S19: gives the process of the queue no secret', async () => {
    const queue = listChildren(service.command.pid).find(({ command }) => command.includes('beanstalkd'));
    const environment = await readFile(`/proc/${queue?.pid ?? 0}/environ`, 'utf8');
    const names = environment.split('\0').map((line) => line.split('=', 1)[0]);
    expect(names).toContain('PATH');
    expect(names.filter((name) => name === undefined || /KEY|TOKEN|URL|FILE/.test(name))).toEqual([]);
  });
});
