import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Switches } from './switches.js';

describe('the switches', () => {
  it('are all in the README with their defaults, and no others', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `((?:kommo|unisender|calls)\.\w+)` *\| `([^`]*)`/gm)].map(([, name, value]) => [name, value]);
    const defaults = Object.entries(new Switches().all()).map(([name, value]) => [name, value === '\t' ? '\\t' : String(value)]);
    expect(rows).toEqual(defaults);
  });
});
