import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../support/beanstalkd-process.js';
import { BuiltProcess, listChildren } from '../support/built-process.js';

describe('the demo', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('brings both accounts in sync, prints that and exits with 0', async () => {
    const port = String(await findFreePort());
    const demo = new BuiltProcess({ entry: 'bundle/cli.js', args: ['demo', '--once'], env: { PORT: port }, cwd: folder });
    expect({ code: await demo.waitForExit(), output: demo.output }).toMatchObject({ code: 0 });
    expect(demo.output).toContain(`the service on http://127.0.0.1:${port} `);
    const table = demo.output.split('\n').filter((line) => line.endsWith('in sync'));
    expect(table).toHaveLength(2);
    for (const row of table) expect(row).toMatch(/ 1000( +\d+){4} +in sync$/);
    expect(listChildren(process.pid).filter(({ command }) => command.includes('apps/'))).toEqual([]);
  });

  it('says which port is in use, and exits with 78', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const demo = new BuiltProcess({ entry: 'bundle/cli.js', args: ['demo'], env: { PORT: String(port) }, cwd: folder });
    expect(await demo.waitForExit()).toBe(78);
    expect(demo.output).toContain(`PORT ${port} is in use by another process`);
    server.close();
  });
});
