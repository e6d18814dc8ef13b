import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BuiltProcess } from '../support/built-process.js';

/** On a machine that runs other tests. */
const WITHIN_MS = 600_000;

/** In a process of its own: Jest's modules make every global name slow. */
describe('S02: every parser', () => {
  let cwd: string;

  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'parsers-'));
  });

  afterEach(() => rm(cwd, { recursive: true }));

  async function attack(...args: readonly string[]): Promise<string> {
    const started = new BuiltProcess({ entry: 'test/attack/main.js', args, cwd });
    const exitCode = await started.waitForExit(WITHIN_MS);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}:\n${started.output.slice(-4_000)}`);
    return started.output;
  }

  it(
    'takes at most 2.5 times as long for twice the input, for each repeated character at its largest size',
    async () => {
      expect(await attack('growth', '--quick')).toMatch(/^Kommo webhook, form: \d+ inputs of 4194304 bytes/m);
    },
    WITHIN_MS,
  );

  it(
    'keeps its laws for random inputs',
    async () => {
      expect(await attack('fuzz', '--minutes', '0.1')).toMatch(/[\d,]+ inputs in 0.1 minutes; 0 of \d+ targets failed/);
    },
    WITHIN_MS,
  );
});
