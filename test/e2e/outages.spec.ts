import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const contact = (name: string) => ({ name, emails: [`${name}@example.com`] });
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `load${index}@example.com`);

describe.each(serviceModes().filter((mode) => mode === 'servers'))('an acknowledged change is applied after any failure (%s)', (mode) => {
  let service: ServiceProcesses;
  let account: ServiceAccount;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode, switches: { 'kommo.hook_time_scale': 0.002 } });
    account = await service.addAccount();
    await account.connect();
  });
  afterAll(() => service.stop());

  const untilOnList = (email: string) => eventually(`${email} on the list`, async () => (await account.onList()).has(email));
  const untilDeleted = (email: string) => eventually(`${email} deleted`, async () => !(await account.held()).has(email));

  it('R17: accepts hooks while the queue is stopped, and applies them afterwards', async () => {
    await service.queue.restart(async () => {
      await account.create(contact('queue'));
      await account.untilDelivered();
    });
    expect((await account.hooks()).at(-1)?.attempts).toEqual([expect.objectContaining({ status: 200 })]);
    await untilOnList('queue@example.com');
  });

  it('R17: accepts hooks and runs while no worker runs, and does their work afterwards', async () => {
    await service.worker.stop();
    await account.create(contact('worker'));
    await account.untilDelivered();
    const runId = await account.startRun('reconcile');
    await service.startWorker();
    expect(await account.untilEnded(runId)).toMatchObject({ state: 'completed' });
    await untilOnList('worker@example.com');
  });

  it('R17: responds 503 while the database is stopped, and applies what Kommo delivers again', async () => {
    await service.database.restart(async () => {
      await account.create(contact('database'));
      const refused = async () => (await account.hooks()).at(-1)?.attempts.some(({ status }) => status === 503);
      await eventually('a refused hook', refused);
    });
    await untilOnList('database@example.com');
    expect((await account.hooks()).at(-1)?.state).toBe('delivered');
  });

  it('R17: retries calls that failed at Unisender and Kommo', async () => {
    const kept = await account.create(contact('stays'));
    const removed = await account.create(contact('goes'));
    await untilOnList('goes@example.com');
    for (const kind of ['503', 'half_body']) await service.control.fault({ target: 'unisender', kind, match: 'importContacts', times: 1 });
    for (const kind of ['502', 'reset']) await service.control.fault({ target: 'kommo', kind, match: 'contacts?page=1', times: 1 });
    await account.change(kept, { emails: ['stayed@example.com'] });
    await account.remove(removed);
    await untilOnList('stayed@example.com');
    await untilDeleted('goes@example.com');
    const failed = (await service.control.calls()).filter(({ fault }) => fault !== undefined);
    expect(failed.map(({ fault }) => fault).sort()).toEqual(['502', '503', 'half_body', 'reset']);
  });

  it('R32: repeats the work of a killed worker without a second effect', async () => {
    const doomed = await account.create(contact('doomed'));
    await untilOnList('doomed@example.com');
    await account.untilQuiet();
    await service.control.fault({ target: 'unisender', kind: 'timeout', match: 'importContacts', times: 1, applied: 'after' });
    await service.control.forgetCalls();
    const before = await account.held();
    await account.create(contact('killed'));
    await account.remove(doomed);
    await untilOnList('killed@example.com');
    await service.replaceWorker();
    await account.untilQuiet();
    const after = await account.held();
    expect([...after.keys()].sort()).toEqual(
      [...before.keys(), 'killed@example.com'].filter((email) => !email.startsWith('doomed')).sort(),
    );
    const calls = await service.control.calls('importContacts');
    expect(calls.length).toBeLessThanOrEqual(3);
    expect(calls.filter(({ fault }) => fault === 'timeout')).toHaveLength(1);
  });

  it('R33: reconnects and watches its tubes again after a restart of beanstalkd under load', async () => {
    const emails = addresses(100);
    const loading = Promise.all(emails.map((email) => account.create({ name: 'Load', emails: [email] })));
    await service.queue.restart();
    await loading;
    await account.createMany(emails.map((email) => ({ name: 'Load', emails: [`more.${email}`] })));
    await service.queue.restart();
    await account.untilDelivered();
    await account.untilQuiet();
    const listed = await account.onList();
    expect(emails.filter((email) => !listed.has(email) || !listed.has(`more.${email}`))).toEqual([]);
    const isWatched = async () => {
      const { queues } = await service.api.send<{ queues: { tube: string; waiting: number }[] }>('GET', '/operations/queues');
      return queues.every(({ waiting }) => waiting > 0);
    };
    await eventually('a waiting worker on every tube', isWatched);
  });
});
