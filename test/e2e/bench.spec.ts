import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BuiltProcess } from '../support/built-process.js';

interface Written {
  readonly figures: readonly { readonly bench: string; readonly value: number }[];
}

describe('npm run bench', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const run = (...args: string[]) => new BuiltProcess({ entry: 'bench/main.js', args, cwd: folder });

  it('prints the figures of the named benches with their goals, and writes them to a file', async () => {
    const bench = run('import', 'burst', '--quick', '--json', 'figures.json');
    await bench.waitForSuccess();
    expect(bench.output).toMatch(/^\| bench +\| figure +\| result +\| goal +\| reached \|$/m);
    const { figures } = JSON.parse(await readFile(join(folder, 'figures.json'), 'utf8')) as Written;
    expect(new Set(figures.map((figure) => figure.bench))).toEqual(new Set(['import', 'burst']));
    expect(figures.every(({ value }) => Number.isFinite(value))).toBe(true);
  });

  it('refuses an unknown name with its usage', async () => {
    const bench = run('imports');
    expect(await bench.waitForExit()).toBe(64);
    expect(bench.output).toContain('usage: npm run bench');
  });
});
