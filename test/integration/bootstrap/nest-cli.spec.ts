import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

describe('nest-cli.json', () => {
  const repository = join(import.meta.dirname, '../../..');
  const { projects } = JSON.parse(readFileSync(join(repository, 'nest-cli.json'), 'utf8')) as {
    projects: Record<string, { type: string; root: string; sourceRoot: string; entryFile: string }>;
  };
  const foldersOf = (place: string) => readdirSync(join(repository, place)).map((name) => `${place}/${name}`);

  it('names every application and library of the tree, and no other', () => {
    const roots = Object.values(projects).map(({ root }) => root);
    expect(roots.sort()).toEqual([...foldersOf('apps'), ...foldersOf('libs')].sort());
  });

  it.each(Object.entries(projects))('says truly where %s begins', (name, { type, root, sourceRoot, entryFile }) => {
    expect([root, sourceRoot]).toEqual([`${type === 'application' ? 'apps' : 'libs'}/${name}`, `${root}/src`]);
    expect(readdirSync(join(repository, sourceRoot))).toContain(`${entryFile}.ts`);
  });
});
