import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStubVendor, type StubVendor, text } from '../integration/vendors/stub-vendor.js';
import { RawClient } from '../support/beanstalkd-process.js';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount, ShownAccount } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';

const API_KEY = 'planted-cronitor-key';
const ALERT_PATH = '/planted-alert-path';
const TOKEN_PATH = '/oauth2/access_token';

describe.each(serviceModes())('a service that tells how it is (%s)', (mode) => {
  let outside: StubVendor;
  let service: ServiceProcesses;
  let account: ServiceAccount;

  beforeAll(async () => {
    outside = await startStubVendor();
    outside.respondWith(text('OK'));
    const { origin } = outside.origin;
    const env = { CRONITOR_API_KEY: API_KEY, CRONITOR_URL: origin, ALERT_WEBHOOK_URL: origin + ALERT_PATH, LOG_LEVEL: 'debug' };
    service = await ServiceProcesses.start({ mode, env });
    account = await service.addAccount();
  }, 60_000);

  afterAll(async () => {
    await service.stop();
    await outside.close();
  }, 60_000);

  const heartbeatsOf = (schedule: string) =>
    outside.requests.filter(({ path }) => path === `/p/${API_KEY}/kommo-unisender-${schedule}`).map(({ query }) => query.get('state'));
  const metrics = async () => (await service.api.text('/metrics')).split('\n');
  const tokenCalls = async () => (await service.control.calls(TOKEN_PATH)).length;

  it.each(['token-renewal', 'alerts', 'sweep', 'census'])('says that the schedule %s began and is complete', async (schedule) => {
    const states = await eventually(`a round of ${schedule}`, () => heartbeatsOf(schedule).length >= 2 && heartbeatsOf(schedule));
    expect(states.slice(0, 2)).toEqual(['run', 'complete']);
  });

  it('R28: the command renews what ends within so many hours and exits 0', async () => {
    const before = await tokenCalls();
    expect(await service.askCommand('update-accesses', '2')).toEqual({ exitCode: 0, output: '0 access tokens will be renewed.' });
    expect(await service.askCommand('update-accesses', '48', '--json')).toEqual({ exitCode: 0, output: '{"accounts":1}' });
    await eventually('a renewed token', async () => (await tokenCalls()) === before + 1);
  });

  it.each(['0', '2161', 'soon', '1.5'])('refuses to renew within %s hours', async (hours) => {
    const { exitCode, output } = await service.askCommand('update-accesses', hours);
    expect(exitCode).toBe(1);
    expect(output).toContain('must be a whole number of hours, 1 to 2160');
  });

  it('tells the alert webhook, the metrics and the account when Kommo refuses the access', async () => {
    await service.control.post(`/kommo/accounts/${account.accountId}/revoke`);
    await service.askCommand('update-accesses', '48');
    const alert = await eventually('an alert', () => outside.requests.find(({ path }) => path === ALERT_PATH));
    expect(JSON.parse(alert.body)).toMatchObject({
      kind: 'account_reauthorization_required',
      account_id: account.accountId,
      occurrences: 1,
    });
    const shown = await service.api.send<ShownAccount>('GET', `/operations/accounts/${account.accountId}`);
    expect(shown.status).toBe('reauthorization_required');
    expect(await metrics()).toContain('kommo_unisender_accounts{status="reauthorization_required"} 1');
    expect(outside.requests.filter(({ path }) => path === ALERT_PATH)).toHaveLength(1);
  });

  it('shows neither the key nor the URL in what it prints', () => {
    const printed = (mode === 'embedded' ? [service.command] : [service.apiServer, service.worker]).map(({ output }) => output).join('\n');
    expect(printed).not.toContain(API_KEY);
    expect(printed).not.toContain(ALERT_PATH);
  });
});

describe.each(serviceModes().filter((mode) => mode === 'servers'))('workers that share the tube accesses (%s)', (mode) => {
  let service: ServiceProcesses;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode, workers: 2 });
  }, 60_000);
  afterAll(() => service.stop(), 60_000);

  it('take a job in the form of the predecessors, a bare array of ids', async () => {
    const { accountId } = await service.addAccount();
    await service.control.forgetCalls();
    const client = await RawClient.connect(service.queue.port);
    const body = `[${accountId}]`;
    await client.ask(`use accesses\r\nput 1 0 60 ${body.length}\r\n${body}\r\n`, /INSERTED \d+\r\n/);
    client.close();
    await eventually('a renewed token', async () => (await service.control.calls(TOKEN_PATH)).length === 1);
  });

  it('say that the queue is away with exit code 75', async () => {
    await service.queue.restart(async () => {
      expect((await service.askCommand('how-time')).exitCode).toBe(75);
      expect((await service.askCommand('update-accesses', '48')).exitCode).toBe(75);
    });
  }, 60_000);
});
