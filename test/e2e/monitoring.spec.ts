import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStubVendor, type StubVendor, text } from '../integration/vendors/stub-vendor.js';
import { RawClient } from '../support/beanstalkd-process.js';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount, AccountData } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const API_KEY = 'planted-cronitor-key';
const ALERT_PATH = '/planted-alert-path';
const TOKEN_PATH = '/oauth2/access_token';

describe.each(serviceModes())('the monitoring of a service (%s)', (mode) => {
  let receiver: StubVendor;
  let service: ServiceProcesses;
  let account: ServiceAccount;

  beforeAll(async () => {
    receiver = await startStubVendor();
    receiver.respondWith(text('OK'));
    const { origin } = receiver.origin;
    const env = { CRONITOR_API_KEY: API_KEY, CRONITOR_URL: origin, ALERT_WEBHOOK_URL: origin + ALERT_PATH, LOG_LEVEL: 'debug' };
    service = await ServiceProcesses.start({ mode, env });
    account = await service.addAccount();
  });

  afterAll(async () => {
    await service.stop();
    await receiver.close();
  });

  const heartbeatsOf = (schedule: string) =>
    receiver.requests.filter(({ path }) => path === `/p/${API_KEY}/kommo-unisender-${schedule}`).map(({ query }) => query.get('state'));
  const metrics = async () => (await service.api.text('/metrics')).split('\n');
  const tokenCalls = async () => (await service.control.calls(TOKEN_PATH)).length;

  it.each(['token-renewal', 'alerts', 'sweep', 'census'])('reports the start and the end of the schedule %s', async (schedule) => {
    const states = await eventually(`a round of ${schedule}`, () => heartbeatsOf(schedule).length >= 2 && heartbeatsOf(schedule));
    expect(states.slice(0, 2)).toEqual(['run', 'complete']);
  });

  it('R28: the command renews tokens that expire within the given hours and exits with 0', async () => {
    const before = await tokenCalls();
    expect(await service.runCommandWithOutput('update-accesses', '2')).toEqual({ exitCode: 0, output: '0 access tokens will be renewed.' });
    expect(await service.runCommandWithOutput('update-accesses', '48', '--json')).toEqual({ exitCode: 0, output: '{"accounts":1}' });
    await eventually('a renewed token', async () => (await tokenCalls()) === before + 1);
  });

  it('S03: the command pauses and resumes an account, a vendor and a tube', async () => {
    const list = () => service.api.send<{ pauses: { id: string }[] }>('GET', '/operations/pauses');
    const paused = async () => (await list()).pauses.map(({ id }) => id);
    for (const what of [String(account.accountId), 'kommo']) {
      expect(await service.runCommandWithOutput('pause', what, '--minutes', '60', '--reason', 'maintenance')).toMatchObject({
        exitCode: 0,
      });
      expect(await paused()).toEqual([what]);
      const { exitCode, output } = await service.runCommandWithOutput('resume', what, '--json');
      expect([exitCode, output]).toEqual([0, expect.stringContaining('1 pause ended')]);
      expect(await paused()).toEqual([]);
    }
    expect(await service.runCommandWithOutput('pause', 'times', '--minutes', '1')).toMatchObject({ exitCode: 0 });
    expect(await service.runCommandWithOutput('resume', 'times')).toMatchObject({ exitCode: 0 });
    expect(await service.runCommandWithOutput('pause', 'everything')).toMatchObject({ exitCode: 64 });
  });

  it.each(['0', '2161', 'soon', '1.5'])('rejects the argument %s of the renewal', async (hours) => {
    const { exitCode, output } = await service.runCommandWithOutput('update-accesses', hours);
    expect(exitCode).toBe(64);
    expect(output).toContain('must be a whole number of hours, 1 to 2160');
  });

  it('reports a refused access by the alert webhook, the metrics and the account', async () => {
    await service.control.post(`/kommo/accounts/${account.accountId}/revoke`);
    await service.runCommandWithOutput('update-accesses', '48');
    const alert = await eventually('an alert', () => receiver.requests.find(({ path }) => path === ALERT_PATH));
    expect(JSON.parse(alert.body)).toMatchObject({
      kind: 'account_reauthorization_required',
      account_id: account.accountId,
      occurrences: 1,
    });
    const current = await service.api.send<AccountData>('GET', `/operations/accounts/${account.accountId}`);
    expect(current.status).toBe('reauthorization_required');
    expect(await metrics()).toContain('kommo_unisender_accounts{status="reauthorization_required"} 1');
    expect(receiver.requests.filter(({ path }) => path === ALERT_PATH)).toHaveLength(1);
  });

  it('prints neither the key nor the URL', () => {
    const printed = (mode === 'embedded' ? [service.command] : [service.apiServer, service.worker]).map(({ output }) => output).join('\n');
    expect(printed).not.toContain(API_KEY);
    expect(printed).not.toContain(ALERT_PATH);
  });
});

describe.each(serviceModes().filter((mode) => mode === 'servers'))('workers of the tube accesses (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode, workers: 2 });
  });
  afterAll(() => service.stop());

  it('accept a job of the predecessor, which is an array of ids', async () => {
    const { accountId } = await service.addAccount();
    await service.control.forgetCalls();
    const client = await RawClient.connect(service.queue.port);
    const body = `[${accountId}]`;
    await client.ask(`use accesses\r\nput 1 0 60 ${body.length}\r\n${body}\r\n`, /INSERTED \d+\r\n/);
    client.close();
    await eventually('a renewed token', async () => (await service.control.calls(TOKEN_PATH)).length === 1);
  });

  it('exit with 69 when the queue is unavailable', async () => {
    await service.queue.restart(async () => {
      expect((await service.runCommandWithOutput('how-time')).exitCode).toBe(69);
      expect((await service.runCommandWithOutput('update-accesses', '48')).exitCode).toBe(69);
    });
  });
});
