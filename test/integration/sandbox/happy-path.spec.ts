import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bearer, Receiver, SandboxClient, textOf, type Json } from './sandbox-harness.js';

let client: SandboxClient;
let receiver: Receiver;

beforeEach(async () => {
  client = await SandboxClient.start();
  receiver = await new Receiver().start();
});

afterEach(async () => {
  await client.stop();
  await receiver.stop();
});

describe('the whole sandbox', () => {
  it('exchanges a consent code for tokens and shows their account', async () => {
    const { host, access, id } = await client.connectAccount({ subdomain: 'acme', name: 'Acme' });
    const account = await client.callKommo(host, '/api/v4/account', { headers: bearer(access) });
    expect(account.status).toBe(200);
    expect(account.json).toMatchObject({ id, name: 'Acme', subdomain: 'acme' });
    const claims = JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()) as Json;
    expect(claims).toMatchObject({ account_id: id, base_domain: 'kommo.com', api_domain: 'api-c.kommo.com' });
  });

  it('returns pages of contacts with a next link, then 204', async () => {
    const { id, host, access } = await client.connectAccount();
    await client.control('POST', `/kommo/accounts/${id}/contacts`, { count: 251, seed: 7 });
    const page = (number: number) =>
      client.callKommo(host, `/api/v4/contacts?limit=250&page=${number}&order[id]=asc`, { headers: bearer(access) });
    const [first, second, third] = [await page(1), await page(2), await page(3)];
    expect(first.json._embedded?.contacts).toHaveLength(250);
    expect(first.json._links?.next?.href).toContain('page=2');
    expect(second.json._embedded?.contacts).toHaveLength(1);
    expect(second.json._links?.next).toBeUndefined();
    expect([third.status, third.text]).toEqual([204, '']);
  });

  it('delivers a hook for each change of a contact', async () => {
    const { id, host, access } = await client.connectAccount();
    const settings = ['add_contact', 'update_contact', 'delete_contact', 'restore_contact'];
    const subscribed = await client.callKommo(host, '/api/v4/webhooks', {
      headers: bearer(access),
      body: { destination: `${receiver.url}/hook`, settings },
    });
    expect(subscribed.json).toMatchObject({ destination: `${receiver.url}/hook`, settings, disabled: false });
    const contact = `/kommo/accounts/${id}/contacts`;
    const { ids } = (await client.control('POST', contact, { name: 'Ann', emails: ['ann@example.org'] })).json as unknown as {
      ids: number[];
    };
    await client.control('PATCH', `${contact}/${ids[0]}`, { name: 'Anna' });
    await client.control('DELETE', `${contact}/${ids[0]}`);
    await client.control('POST', `${contact}/${ids[0]}/restore`);
    const hooks = await receiver.waitForCalls(4);
    const actions = hooks.map(({ body }) => /contacts%5B(\w+)%5D/.exec(body)?.[1]).sort();
    expect(actions).toEqual(['add', 'delete', 'restore', 'update']);
  });

  it('imports contacts into a Unisender list and exports them', async () => {
    await client.control('POST', '/unisender/accounts', { api_key: 'key', login: 'me' });
    await client.setSwitches({ 'unisender.export_seconds': 0 });
    expect((await client.callUnisender('getLists', 'api_key=key')).json).toEqual({ result: [] });
    const { id } = (await client.callUnisender('createList', 'api_key=key&title=Kommo+1')).json.result ?? {};
    const rows = `field_names[]=email&field_names[]=Name&field_names[]=email_list_ids&data[0][0]=a@example.org&data[0][1]=%D0%90%D0%BD%D0%BD%D0%B0&data[0][2]=${textOf(id)}`;
    const imported = await client.callUnisender('importContacts', `api_key=key&${rows}`);
    expect(imported.json.result).toEqual({ total: 1, inserted: 1, updated: 0, deleted: 0, new_emails: 1, invalid: 0, log: [] });
    const task = await client.callUnisender(
      'async/exportContacts',
      'api_key=key&field_names[0]=email&field_names[1]=Name&field_names[2]=email_status',
    );
    const done = await client.callUnisender('async/getTaskResult', `api_key=key&task_uuid=${textOf(task.json.result?.task_uuid)}`);
    const file = await fetch(textOf(done.json.result?.file_to_download));
    expect(await file.text()).toBe('email,Name,email_status\na@example.org,Анна,new\n');
  });

  it('sends an unsubscribe event to a receiver after a probe', async () => {
    await client.control('POST', '/unisender/accounts', { api_key: 'key', login: 'me', lists: ['L'] });
    await client.control('POST', '/unisender/accounts/key/contacts', { email: 'a@example.org', lists: [20502076] });
    const set = `api_key=key&hook_url=${encodeURIComponent(`${receiver.url}/u`)}&event_format=json_post&events[unsubscribe]=*&single_event=1&status=active`;
    expect((await client.callUnisender('setHook', set)).text).toBe('{"result":[]}');
    await client.control('POST', '/unisender/accounts/key/unsubscribe', { email: 'a@example.org' });
    const [probe, event] = await receiver.waitForCalls(2);
    expect(probe?.method).toBe('GET');
    expect(JSON.parse(event?.body ?? '{}')).toMatchObject({
      login: 'me',
      event_name: 'unsubscribe',
      email: 'a@example.org',
      unsubscribed_list_ids: [20502076],
    });
  });

  it('logs calls to the vendors, but not control calls', async () => {
    const { host } = await client.connectAccount();
    await client.control('POST', '/unisender/accounts', { api_key: 'key' });
    await client.callUnisender(
      'importContacts',
      'api_key=key&field_names[]=email&data[0][0]=a@example.org&data%5B1%5D%5B0%5D=b@example.org',
    );
    const calls = (await client.control('GET', '/calls')).json as unknown as Json[];
    expect(calls).toHaveLength(2);
    expect(calls[0]).toMatchObject({ seq: 1, target: 'kommo', method: 'POST', host, path: '/oauth2/access_token', status: 200 });
    expect(calls[1]).toMatchObject({ target: 'unisender', path: '/ru/api/importContacts', rows: 2, status: 200, body: { api_key: 'key' } });
    const later = (await client.control('GET', '/calls?target=unisender&since=1&path=importContacts')).json as unknown as Json[];
    expect(later).toHaveLength(1);
  });
});
