import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { VARIABLES } from './variables.js';

const text = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8');
const fallbacks = Object.fromEntries(Object.values(VARIABLES).map(({ name, fallback }) => [name, fallback ?? '']));

describe('.env.example', () => {
  it('lists every variable with its default, and no other', () => {
    expect(parseEnv(text)).toEqual(fallbacks);
  });

  it('describes each variable right above it', () => {
    const lines = text.split('\n');
    const undescribed = lines.filter((line, index) => /^[A-Z_]+=/.test(line) && !/^# \S/.test(lines[index - 1] ?? ''));
    expect(undescribed).toEqual([]);
  });

  it('names the unit of every number', () => {
    const numbers = text.match(/^#.*\n[A-Z_]+=\d+$/gm) ?? [];
    expect(numbers.length).toBeGreaterThan(8);
    expect(numbers.filter((entry) => !/port|requests per|milliseconds|seconds|hours|days|percent|0 or 1/i.test(entry))).toEqual([]);
  });
});
