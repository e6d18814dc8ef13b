import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A call that changes who is on a list in Unisender. */
const LIST_CALL = /\bunisender\.(importContacts|exclude|subscribe)\(/i;

const sourcesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .map((path) => join(ROOT, folder, path));

describe('calls that change lists in Unisender', () => {
  it('are made by the ListWriter alone, which asks the ConsentGate', () => {
    const sources = ['libs', 'apps/api', 'apps/worker', 'apps/cli'].flatMap(sourcesOf);
    const callers = sources.filter((path) => LIST_CALL.test(readFileSync(path, 'utf8'))).map((path) => relative(ROOT, path));
    expect(callers).toEqual([join('libs', 'sync', 'src', 'push', 'list-writer.ts')]);
  });
});
