import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bearer, SandboxClient, type ConnectedAccount, type Json } from './sandbox-harness.js';

let client: SandboxClient;
let account: ConnectedAccount;

beforeEach(async () => {
  client = await SandboxClient.start();
  account = await client.connectAccount();
  await client.setSwitches({ 'kommo.requests_per_second': 0 });
  await client.control('POST', '/unisender/accounts', { api_key: 'key' });
});

afterEach(() => client.stop());

const fault = (body: Record<string, unknown>) => client.control('POST', '/faults', body);
const kommo = () => client.callKommo(account.host, '/api/v4/account', { headers: bearer(account.access) });
const lists = () => client.callUnisender('getLists', 'api_key=key');
const createList = () => client.callUnisender('createList', 'api_key=key&title=T');

describe('faults', () => {
  it.each([
    ['429', 429, 'retry_after'],
    ['500', 500, 'trace_id'],
    ['503', 503, '<html>'],
    ['403html', 403, '<html>'],
    ['402', 402, 'Payment required'],
    ['empty', 200, ''],
  ])('returns %s for Kommo as often as ordered', async (kind, status, text) => {
    await fault({ target: 'kommo', kind, times: 1 });
    const broken = await kommo();
    expect([broken.status, broken.text.includes(text), text === '' && broken.text !== '']).toEqual([status, true, false]);
    expect((await kommo()).status).toBe(200);
  });

  it('redirects a call of Kommo to the ordered URL', async () => {
    await fault({ target: 'kommo', kind: '301', location: 'https://other.kommo.com/x', times: 1 });
    const response = await kommo();
    expect([response.status, response.headers.location]).toEqual([301, 'https://other.kommo.com/x']);
  });

  it('returns any Unisender code with status 200', async () => {
    await fault({ target: 'unisender', kind: 'retry_later', times: 1 });
    const response = await lists();
    expect([response.status, response.json.code]).toEqual([200, 'retry_later']);
  });

  it.each(['reset', 'half_body'])('breaks the connection: %s', async (kind) => {
    await fault({ target: 'unisender', kind, times: 1 });
    await expect(lists()).rejects.toThrow();
    expect((await lists()).json.result).toEqual([]);
  });

  it('sends no response after the fault timeout', async () => {
    await fault({ target: 'unisender', kind: 'timeout', times: 1 });
    const waiting = lists();
    const other = await lists();
    expect(other.json.result).toEqual([]);
    await client.stop();
    await expect(waiting).rejects.toThrow();
    client = await SandboxClient.start();
  });

  it('loses the response after the effect, or prevents the effect', async () => {
    await fault({ target: 'unisender', kind: 'reset', applied: 'after', match: 'createList', times: 1 });
    await expect(createList()).rejects.toThrow();
    expect((await lists()).json.result).toHaveLength(1);
    await fault({ target: 'unisender', kind: '500', applied: 'before', match: 'createList', times: 1 });
    expect((await createList()).status).toBe(500);
    expect((await lists()).json.result).toHaveLength(1);
  });

  it('applies only to matching calls, with the given probability', async () => {
    await fault({ target: 'kommo', kind: '500', match: 'POST' });
    expect((await kommo()).status).toBe(200);
    await client.control('DELETE', '/faults');
    await fault({ target: 'unisender', kind: '500', probability: 0.5 });
    const statuses = [];
    for (let call = 0; call < 40; call += 1) statuses.push((await lists()).status);
    const hits = statuses.filter((status) => status === 500).length;
    expect(hits).toBeGreaterThan(8);
    expect(hits).toBeLessThan(32);
    expect((await client.control('GET', '/faults')).json as unknown as Json[]).toMatchObject([{ hits }]);
  });

  it('appears in the call log', async () => {
    await fault({ target: 'kommo', kind: 'reset', times: 1 });
    await expect(kommo()).rejects.toThrow();
    const calls = (await client.control('GET', '/calls?path=/account')).json as unknown as Json[];
    expect(calls).toMatchObject([{ status: null, fault: 'reset' }]);
  });

  it.each([
    [{ kind: '500' }, 'target'],
    [{ target: 'kommo' }, 'kind'],
    [{ target: 'kommo', kind: 'retry_later' }, 'kind'],
    [{ target: 'kommo', kind: '500', times: 0 }, 'times'],
    [{ target: 'kommo', kind: '500', probability: 2 }, 'probability'],
    [{ target: 'kommo', kind: '500', applied: 'later' }, 'applied'],
    [{ target: 'kommo', kind: '500', tims: 3 }, 'tims'],
  ])('rejects the invalid fault %o', async (order, member) => {
    const response = await fault(order);
    expect([response.status, response.text.includes(member)]).toEqual([400, true]);
  });
});
