import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const rows = readFileSync(new URL('docs/FEATURES.md', root), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '));
const tests = rows.slice(2).flatMap(([, ...cells]) => cells.flatMap((cell) => cell.match(/[\w-]+\/[\w-]+/g) ?? []));

const toPath = (name: string) => `test/${name.startsWith('e2e/') ? '' : 'integration/'}${name}.spec.ts`;

describe('docs/FEATURES.md', () => {
  it('has one cell for API, CLI, console and widget in each row', () => {
    expect(rows.filter((row) => row.length !== 5)).toEqual([]);
    expect(rows.filter((row) => row.some((cell) => cell.trim() === ''))).toEqual([]);
  });

  it('names tests that exist', () => {
    expect(tests.length).toBeGreaterThan(50);
    expect([...new Set(tests)].filter((name) => !existsSync(new URL(toPath(name), root)))).toEqual([]);
  });
});
