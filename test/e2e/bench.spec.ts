import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

  it('draws the plots of a file without a run', async () => {
    const points = [{ x: 10_000, y: 150, lowest: 140, highest: 160 }];
    const lines = [{ plot: 'memory', panel: 'import without limits', name: 'worker', points }];
    const figures = [{ bench: 'memory', name: 'peak', unit: 'MiB', goal: { atMost: 200 }, value: 150, lowest: 140, highest: 160 }];
    await writeFile(join(folder, 'drawn.json'), JSON.stringify({ machine: 'm', date: '2026-11-27', runs: 3, figures, lines }));
    const bench = run('--draw', 'drawn.json', '--svg', '.');
    await bench.waitForSuccess();
    expect(bench.output).toMatch(/^\| memory \| peak +\| +150.0 MiB \| 140.0–160.0 \| ≤ 200 MiB \| yes +\|$/m);
    expect(await readFile(join(folder, 'bench-memory.svg'), 'utf8')).toContain('Peak resident memory of the worker');
  });

  it.each([['imports'], ['burst', '--repeat', '0'], ['--draw']])('refuses %s %s %s with its usage', async (...words) => {
    const bench = run(...words);
    expect(await bench.waitForExit()).toBe(64);
    expect(bench.output).toContain('usage: npm run bench');
  });
});
