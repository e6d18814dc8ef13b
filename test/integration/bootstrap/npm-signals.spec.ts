import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, isAlive, listChildren } from '../../support/built-process.js';
import { Checkout, Command } from './checkout.js';

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };

/** As in a container, npm is process 1 of its own namespace. Only root may create one. */
const NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc'];

/** Returns whether the program works here. Throws with CI=true when CI must have it and it does not work. */
function isUsable([program = '', ...args]: readonly string[], mustBeInCi = true): boolean {
  if (spawnSync(program, args).status === 0) return true;
  if (mustBeInCi && process.env['CI'] === 'true') throw new Error(`${program} does not work here: CI runs every test`);
  process.stderr.write(`${program} does not work here: its tests are skipped\n`);
  return false;
}

const places: (readonly [string, readonly string[]])[] = [
  ['by itself', []],
  ...(isUsable([...NAMESPACE, 'true'], false) ? [['as process 1 of a namespace', NAMESPACE] as const] : []),
];

describe('a signal to npm', () => {
  let checkout: Checkout;
  let command: Command;

  beforeAll(async () => {
    checkout = new Checkout();
    checkout.write('package.json', JSON.stringify({ type: 'module', scripts }));
    checkout.write(
      'apps/api/src/main.ts',
      "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('ready');",
    );
    await checkout.run('--prepare');
  });
  afterEach(() => command.kill('SIGKILL'));
  afterAll(() => checkout.remove('.'));

  it.each(places)('stops the service when npm runs %s', async (_place, wrapper) => {
    const [program = '', ...args] = [...wrapper, 'npm', 'run', 'start:api'];
    const child = spawn(program, args, { cwd: checkout.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    command = new Command(child);
    await command.until(() => command.output.includes('ready'));
    const npm = wrapper.length === 0 ? child.pid : listChildren(child.pid ?? 0)[0]?.pid;
    const service = listChildren(npm ?? 0);
    expect(service).toEqual([expect.objectContaining({ command: expect.stringContaining('apps/cli/bin/run.js api') })]);
    process.kill(npm ?? 0, 'SIGTERM');
    expect(await command.waitForEnd()).toBe(3);
    await eventually('the end of the service', () => service.every(({ pid }) => !isAlive(pid)));
  });

  it('reaches every script, because each replaces the shell of npm', () => {
    for (const script of Object.values(scripts)) expect(script).toMatch(/^exec node /);
  });
});

const testUnit = isUsable(['systemd-analyze', '--version']) ? it : it.skip;

describe('the systemd unit', () => {
  const unit = read('docker/kommo-unisender-sync.service');

  testUnit('has no mistake that systemd-analyze finds', () => {
    const checkout = new Checkout();
    const file = join(checkout.folder, 'kommo-unisender-sync.service');
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    rmSync(checkout.folder, { recursive: true });
    expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' });
  });

  it('does not restart after exit code 78, and gives the processes time to finish', () => {
    expect(unit).toContain('RestartPreventExitStatus=78');
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(20);
  });
});
