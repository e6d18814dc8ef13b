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

  it('installs, builds and runs, and says so in a line each', async () => {
    const { exit, output, complaints } = await checkout.run('cli', 'accounts', '--json');
    expect([exit, output]).toEqual([0, '["accounts","--json"]\n']);
    expect(complaints.trim().split('\n')).toEqual(['Installing the packages (npm ci) …', 'Building (tsc) …']);
    expect(checkout.takeSteps()).toEqual(['npm ci', 'tsc']);
  });

  it('only prepares when asked to', async () => {
    expect(await checkout.run('--prepare')).toMatchObject({ exit: 0, output: '' });
    expect(checkout.takeSteps()).toEqual(['npm ci', 'tsc']);
  });

  it('installs and builds once when two commands start at once', async () => {
    const runs = await Promise.all([checkout.run('cli', 'a'), checkout.run('cli', 'b'), checkout.run('cli', 'c')]);
    expect(runs.map(({ exit, output }) => [exit, output])).toEqual([[0, '["a"]\n'], [0, '["b"]\n'], [0, '["c"]\n']]); // prettier-ignore
    expect(checkout.takeSteps()).toEqual(['npm ci', 'tsc']);
    expect(readdirSync(join(checkout.folder, 'dist')).filter((name) => name.startsWith('.preparing'))).toEqual([]);
  });

  it('does not run what could not be installed', async () => {
    checkout.write('npm-fails', '');
    expect(await checkout.run('cli')).toMatchObject({ exit: 7, output: '', complaints: expect.stringContaining('npm ci ended with 7') });
    checkout.remove('npm-fails');
    expect((await checkout.run('cli')).exit).toBe(0);
  });

  it('stops installing and building when it is told to, and takes it up again', async () => {
    checkout.write('tsc-hangs', '');
    const command = checkout.start('cli');
    await command.until(() => checkout.read('steps.log').includes('tsc'));
    command.kill('SIGTERM');
    expect(await command.ended()).toBe(143);
    checkout.remove('tsc-hangs');
    checkout.takeSteps();
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.takeSteps()).toEqual(['tsc']);
  });
});

describe('on a prepared tree', () => {
  beforeEach(cloneAndPrepare);

  it('runs at once', async () => {
    expect(await checkout.run('cli')).toEqual({ exit: 0, output: '[]\n', complaints: '' });
    expect(checkout.takeSteps()).toEqual([]);
  });

  it.each([
    ['a source changes', () => checkout.write('apps/cli/src/main.ts', 'console.log(1);'), ['tsc']],
    ['a source comes', () => checkout.write('libs/domain/src/rule.ts', ''), ['tsc']],
    ['a source goes', () => checkout.remove('apps/worker/src/main.ts'), ['tsc']],
    ['the output is gone', () => checkout.remove('dist/apps'), ['tsc']],
    ['dist is gone', () => checkout.remove('dist'), ['tsc']],
    ['only a spec changes', () => checkout.write('apps/cli/src/main.spec.ts', 'changed'), []],
    ['node_modules is gone', () => checkout.remove('node_modules'), ['npm ci']],
  ])('does again what it must when %s', async (_event, change, steps) => {
    change();
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.takeSteps()).toEqual(steps);
  });

  it('installs again when the lock file asks for another version', async () => {
    checkout.write('package-lock.json', checkout.read('package-lock.json').replace('1.0.0', '1.0.1'));
    await checkout.run('cli');
    expect(checkout.takeSteps()).toEqual(['npm ci']);
  });

  it('does not when the lock file is newer but says the same', async () => {
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(checkout.folder, 'package-lock.json'), later, later);
    await checkout.run('cli');
    expect(checkout.takeSteps()).toEqual([]);
  });

  it('builds again after a build that failed, and does not run the old one meanwhile', async () => {
    checkout.write('apps/cli/src/main.ts', 'syntax error');
    expect(await checkout.run('cli')).toMatchObject({ exit: 2, output: '' });
    expect(await checkout.run('cli')).toMatchObject({ exit: 2, output: '' });
    checkout.write('apps/cli/src/main.ts', 'console.log(2);');
    expect(await checkout.run('cli')).toMatchObject({ exit: 0, output: '2\n' });
    expect(checkout.takeSteps()).toEqual(['tsc', 'tsc', 'tsc']);
  });

  it('runs in production without the compiler, with its sources or without', async () => {
    checkout.remove('node_modules/typescript');
    expect((await checkout.run('cli')).exit).toBe(0);
    for (const path of ['apps/cli/src', 'apps/api', 'apps/worker', 'apps/sandbox', 'libs', 'dist/.built']) checkout.remove(path);
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.takeSteps()).toEqual([]);
  });

  it.each([
    ['whose owner is dead', { pid: 2 ** 22 + 1, host: hostname() }, 0],
    ['on whose owner nothing was heard for a minute', { pid: 1, host: 'elsewhere' }, 61_000],
  ])('breaks a lock %s', async (_name, owner, ageMs) => {
    checkout.remove('dist/.built');
    checkout.write('dist/.preparing/owner', JSON.stringify(owner));
    const then = new Date(Date.now() - ageMs);
    utimesSync(join(checkout.folder, 'dist/.preparing/owner'), then, then);
    expect((await checkout.run('cli')).exit).toBe(0);
    expect(checkout.has('dist/.preparing')).toBe(false);
  });

  it('waits for a lock whose owner lives, and says so', async () => {
    checkout.remove('dist/.built');
    checkout.write('dist/.preparing/owner', JSON.stringify({ pid: process.pid, host: hostname() }));
    const command = checkout.start('cli');
    await command.until(() => command.complaints.includes('waiting'));
    checkout.remove('dist/.preparing');
    expect(await command.ended()).toBe(0);
  });
});

describe('what it runs', () => {
  beforeEach(cloneAndPrepare);

  it.each(['start', 'demo', 'migrate'])('is the command line with the word %s', async (word) => {
    expect((await checkout.run(word, '--once')).output).toBe(`["${word}","--once"]\n`);
  });

  it('gives its own exit code', async () => {
    expect((await checkout.run('beanstalkd')).exit).toBe(5);
    expect(await checkout.run('sandbox')).toMatchObject({ exit: 1, complaints: expect.stringContaining('it broke') });
  });

  it('gets the signals and ends as it wants to', async () => {
    const command = checkout.start('api');
    await command.until(() => command.output.includes('ready'));
    command.kill('SIGTERM');
    expect(await command.ended()).toBe(3);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'ends by %s when it has no other wish, and leaves no process',
    async (signal) => {
      const command = checkout.start('worker');
      await command.until(() => command.output.includes('ready'));
      command.kill(signal);
      expect(await command.ended()).toBe(signal);
    },
  );

  it('is named in the usage when the word is unknown', async () => {
    for (const args of [[], ['nonsense']]) {
      expect(await checkout.run(...args)).toMatchObject({
        exit: 64,
        output: '',
        complaints: expect.stringMatching(/api.*worker.*start.*beanstalkd/),
      });
    }
  });
});
