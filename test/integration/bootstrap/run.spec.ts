import { readdirSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Checkout } from './checkout.js';

let prepared: Checkout;
let checkout: Checkout;
beforeAll(async () => {
  prepared = new Checkout();
  await prepared.run('--prepare');
  prepared.takeSteps();
});
afterAll(() => prepared.remove('.'));
afterEach(() => checkout.remove('.'));

const clone = () => {
  checkout = new Checkout();
};
const cloneAndPrepare = () => {
  checkout = prepared.copy();
};

describe('on a fresh clone', () => {
  beforeEach(clone);

  it('installs, builds and runs, and prints one line for each step', async () => {
    const { exit, output, errorOutput } = await checkout.run('cli', 'accounts', '--json');
    expect([exit, output]).toEqual([0, '["accounts","--json"]\n']);
    expect(errorOutput.trim().split('\n')).toEqual(['Installing the packages (npm ci) …', 'Building (tsc) …']);
    expect(checkout.takeSteps()).toEqual(['npm ci', 'tsc']);
  });

  it('installs and builds without running anything with --prepare', async () => {
    expect(await checkout.run('--prepare')).toMatchObject({ exit: 0, output: '' });
    expect(checkout.takeSteps()).toEqual(['npm ci', 'tsc']);
  });

  it('installs and builds once when several commands start at the same time', async () => {
    const runs = await Promise.all([checkout.run('cli', 'a'), checkout.run('cli', 'b'), checkout.run('cli', 'c')]);
    expect(runs.map(({ exit, output }) => [exit, output])).toEqual([[0, '["a"]\n'], [0, '["b"]\n'], [0, '["c"]\n']]); // prettier-ignore
    expect(checkout.takeSteps()).toEqual(['npm ci', 'tsc']);
    expect(readdirSync(join(checkout.folder, 'dist')).filter((name) => name.startsWith('.preparing'))).toEqual([]);
  });

  it('does not run the program when the installation fails', async () => {
    checkout.write('npm-fails', '');
    expect(await checkout.run('cli')).toMatchObject({
      exit: 7,
      output: '',
      errorOutput: expect.stringContaining('npm ci exited with code 7'),
    });
    checkout.remove('npm-fails');
    expect((await checkout.run('cli')).exit).toBe(0);
  });

  it('stops during a build on SIGTERM, and continues with the next command', async () => {
    checkout.write('tsc-hangs', '');
    const command = checkout.start('cli');
    await command.until(() => checkout.read('steps.log').includes('tsc'));
    command.kill('SIGTERM');
    expect(await command.waitForEnd()).toBe(143);
    checkout.remove('tsc-hangs');
    checkout.takeSteps();
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.takeSteps()).toEqual(['tsc']);
  });
});

describe('on a prepared tree', () => {
  beforeEach(cloneAndPrepare);

  it('runs the program without installing or building', async () => {
    expect(await checkout.run('cli')).toEqual({ exit: 0, output: '[]\n', errorOutput: '' });
    expect(checkout.takeSteps()).toEqual([]);
  });

  it.each([
    ['a source changes', () => checkout.write('apps/cli/src/main.ts', 'console.log(1);'), ['tsc']],
    ['a source is added', () => checkout.write('libs/domain/src/rule.ts', ''), ['tsc']],
    ['a source is removed', () => checkout.remove('apps/worker/src/main.ts'), ['tsc']],
    ['the output is missing', () => checkout.remove('dist/bundle'), ['tsc']],
    ['dist is missing', () => checkout.remove('dist'), ['tsc']],
    ['only a spec changes', () => checkout.write('apps/cli/src/main.spec.ts', 'changed'), []],
    ['node_modules is missing', () => checkout.remove('node_modules'), ['npm ci']],
  ])('repeats only the necessary steps when %s', async (_event, change, steps) => {
    change();
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.takeSteps()).toEqual(steps);
  });

  it('installs again when the lock file has another version', async () => {
    checkout.write('package-lock.json', checkout.read('package-lock.json').replace('1.0.0', '1.0.1'));
    await checkout.run('cli');
    expect(checkout.takeSteps()).toEqual(['npm ci']);
  });

  it('does not install again when the lock file is newer with the same content', async () => {
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(checkout.folder, 'package-lock.json'), later, later);
    await checkout.run('cli');
    expect(checkout.takeSteps()).toEqual([]);
  });

  it('builds again after a failed build, and does not run the old output', async () => {
    checkout.write('apps/cli/src/main.ts', 'syntax error');
    expect(await checkout.run('cli')).toMatchObject({ exit: 2, output: '' });
    expect(await checkout.run('cli')).toMatchObject({ exit: 2, output: '' });
    checkout.write('apps/cli/src/main.ts', 'console.log(2);');
    expect(await checkout.run('cli')).toMatchObject({ exit: 0, output: '2\n' });
    expect(checkout.takeSteps()).toEqual(['tsc', 'tsc', 'tsc']);
  });

  it('runs without the compiler in production, with sources and without', async () => {
    checkout.remove('node_modules/typescript');
    expect((await checkout.run('cli')).exit).toBe(0);
    for (const path of ['apps/cli/src', 'apps/api', 'apps/worker', 'apps/sandbox', 'libs', 'dist/.built']) checkout.remove(path);
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.takeSteps()).toEqual([]);
  });

  it.each([
    ['of a dead owner', { pid: 2 ** 22 + 1, host: hostname() }, 0],
    ['that was not updated for a minute', { pid: 1, host: 'elsewhere' }, 61_000],
  ])('removes a lock %s', async (_name, owner, ageMs) => {
    checkout.remove('dist/.built');
    checkout.write('dist/.preparing/owner', JSON.stringify(owner));
    const then = new Date(Date.now() - ageMs);
    utimesSync(join(checkout.folder, 'dist/.preparing/owner'), then, then);
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.has('dist/.preparing')).toBe(false);
  });

  it('waits for the lock of a running owner, and prints a line', async () => {
    checkout.remove('dist/.built');
    checkout.write('dist/.preparing/owner', JSON.stringify({ pid: process.pid, host: hostname() }));
    const command = checkout.start('cli');
    await command.until(() => command.errorOutput.includes('waiting'));
    checkout.remove('dist/.preparing');
    expect(await command.waitForEnd()).toBe(0);
  });
});

describe('the program', () => {
  beforeEach(cloneAndPrepare);

  it.each(['start', 'demo', 'migrate'])('is the command line with the command %s', async (word) => {
    expect((await checkout.run(word, '--once')).output).toBe(`["${word}","--once"]\n`);
  });

  it('sets the exit code', async () => {
    expect((await checkout.run('beanstalkd')).exit).toBe(5);
    expect(await checkout.run('sandbox')).toMatchObject({ exit: 1, errorOutput: expect.stringContaining('it broke') });
  });

  it('receives signals and chooses its exit code', async () => {
    const command = checkout.start('api');
    await command.until(() => command.output.includes('ready'));
    command.kill('SIGTERM');
    expect(await command.waitForEnd()).toBe(3);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'is ended by %s when it does not handle the signal, and leaves no process',
    async (signal) => {
      const command = checkout.start('worker');
      await command.until(() => command.output.includes('ready'));
      command.kill(signal);
      expect(await command.waitForEnd()).toBe(signal);
    },
  );

  it('is listed in the usage text when the given word is unknown', async () => {
    for (const args of [[], ['nonsense']]) {
      expect(await checkout.run(...args)).toMatchObject({
        exit: 64,
        output: '',
        errorOutput: expect.stringMatching(/api.*worker.*start.*beanstalkd/),
      });
    }
  });
});
