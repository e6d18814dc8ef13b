import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { type BuiltProcess, eventually, isAlive, listChildren } from '../support/built-process.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const IMMEDIATE_MS = 3_000;
const SECOND_SIGNAL_AFTER_MS = 1_100;

const openAccount = async (service: ServiceProcesses): Promise<ServiceAccount> => {
  const account = await service.addAccount();
  await account.connect();
  await service.control.forgetCalls();
  return account;
};

const waitForImport = ({ control }: ServiceProcesses) =>
  eventually('a running importContacts call', async () => (await control.calls('importContacts')).length > 0);

/** Sends SIGTERM, and once more after the time within which a second signal is ignored. */
async function signalTwice(process: BuiltProcess): Promise<number | null> {
  process.signal('SIGTERM');
  await systemClock.sleep(SECOND_SIGNAL_AFTER_MS);
  expect(process.exitCode).toBeUndefined();
  process.signal('SIGTERM');
  return process.waitForExit(IMMEDIATE_MS);
}

describe.each(serviceModes())('R34: signals (%s)', (mode) => {
  let service: ServiceProcesses;

  afterEach(() => service.stop());

  const target = () => (mode === 'embedded' ? service.command : service.worker);

  it('finishes running work after SIGTERM, exits with 0 and leaves no process', async () => {
    service = await ServiceProcesses.start({ mode });
    const account = await openAccount(service);
    await service.control.set({ 'unisender.delay_ms': 1_500 });
    await account.create({ name: 'Anna', emails: ['anna@example.com'] });
    await waitForImport(service);
    const process = target();
    const children = listChildren(process.pid);
    process.signal('SIGTERM');
    expect(await process.waitForExit()).toBe(0);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect((await account.held()).has('anna@example.com')).toBe(true);
    expect(await service.control.calls('importContacts')).toHaveLength(1);
    if (mode === 'servers') {
      service.apiServer.signal('SIGTERM');
      expect(await service.apiServer.waitForExit()).toBe(0);
    }
  });

  it('finishes running work after Ctrl-C, which every process receives, without a stack trace', async () => {
    service = await ServiceProcesses.start({ mode });
    const account = await openAccount(service);
    await service.control.set({ 'unisender.delay_ms': 1_500 });
    await account.create({ name: 'Anna', emails: ['anna@example.com'] });
    await waitForImport(service);
    const started = mode === 'embedded' ? [service.command] : [service.worker, service.apiServer];
    const children = started.flatMap(({ pid }) => listChildren(pid));
    for (const { pid } of [...children, ...started]) process.kill(pid, 'SIGINT');
    for (const each of started) expect(await each.waitForExit()).toBe(0);
    expect((await account.held()).has('anna@example.com')).toBe(true);
    expect(started.map(({ output }) => output).join('\n')).not.toMatch(/^\s+at |"stack"|WARN|ERROR/m);
  });

  it('exits at once after a second signal while a vendor does not respond', async () => {
    service = await ServiceProcesses.start({ mode });
    const account = await openAccount(service);
    await service.control.fault({ target: 'unisender', kind: 'timeout', match: 'importContacts' });
    await account.create({ name: 'Anna', emails: ['anna@example.com'] });
    await waitForImport(service);
    const children = listChildren(target().pid);
    expect(await signalTwice(target())).toBe(1);
    await eventually('the end of every child', () => children.every(({ pid }) => !isAlive(pid)), IMMEDIATE_MS);
  });
});
