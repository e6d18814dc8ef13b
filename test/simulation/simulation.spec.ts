import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { listOutdated } from './mutations.js';

const program = join(import.meta.dirname, '../../dist/test/simulation/main.js');
const HISTORIES = 500;
/** `npm run simulate` plays any other range. */
const seed = 200_000;

/** Runs the built simulation. Returns what it prints. */
async function simulate(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--enable-source-maps', program, ...args], { maxBuffer: 2 ** 26 }).catch(
    (error: { readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    },
  );
  return stdout;
}

describe('the simulation', () => {
  it(`finds no history that breaks the promise (seed ${seed})`, async () => {
    const output = await simulate('--histories', String(HISTORIES), '--seed', String(seed), '--workers', '2');
    expect(output).toContain(`${HISTORIES} histories, 0 failed`);
  }, 1_800_000);

  it('can take out each of its fixes', () => {
    expect(listOutdated(join(import.meta.dirname, '../../dist/libs'))).toEqual([]);
  });

  it('plays a history in the same way each time', async () => {
    const replay = () => simulate('--replay-seed', String(seed), '--verbose');
    expect(await replay()).toBe(await replay());
  }, 120_000);
});
