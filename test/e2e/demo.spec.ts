import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltProcess, listChildren } from '../support/built-process.js';

describe('the demo', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('brings both accounts in sync, prints that and exits with 0', async () => {
    const demo = new BuiltProcess({ entry: 'bundle/cli.js', args: ['demo', '--once'], cwd: folder });
    expect({ code: await demo.waitForExit(), output: demo.output }).toMatchObject({ code: 0 });
    const table = demo.output.split('\n').filter((line) => line.endsWith('in sync'));
    expect(table).toHaveLength(2);
    for (const row of table) expect(row).toMatch(/ 1000( +\d+){4} +in sync$/);
    expect(listChildren(process.pid).filter(({ command }) => command.includes('apps/'))).toEqual([]);
  });
});
