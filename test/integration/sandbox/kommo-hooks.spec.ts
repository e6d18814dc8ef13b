import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSample } from '../../support/samples.js';
import { eventually, ManualClock } from './manual-clock.js';
import { bearer, Receiver, SandboxClient, type ConnectedAccount, type Json } from './sandbox-harness.js';

const minuteMs = 60_000;
const createdAtMs = 1748289231_000;
const captured = {
  id: 32427762,
  subdomain: 'etesttask',
  domain: 'amocrm.ru',
  language: 'ru',
  user_id: 10000698,
  first_field_id: 735647,
  first_enum_id: 718321,
};

interface Delivery {
  readonly state: string;
  readonly request_id: string;
  readonly attempts: readonly { at_ms: number; status: number | null }[];
  readonly body: string;
}

let clock: ManualClock;
let client: SandboxClient;
let receiver: Receiver;
let account: ConnectedAccount;

beforeEach(async () => {
  clock = new ManualClock(createdAtMs);
  client = await SandboxClient.start({ clock });
  receiver = await new Receiver().start();
  account = await client.connectAccount(captured);
  const settings = ['add_contact', 'update_contact', 'delete_contact', 'restore_contact', 'add_company'];
  await client.callKommo(account.host, '/api/v4/webhooks', {
    headers: bearer(account.access),
    body: { destination: `${receiver.url}/hook`, settings },
  });
});

afterEach(async () => {
  await client.stop();
  await receiver.stop();
});

const contacts = () => `/kommo/accounts/${account.id}/contacts`;
const create = (contact: Record<string, unknown>) => client.control('POST', contacts(), contact);
const flush = async () => (await client.control('POST', '/kommo/hooks/flush')).json;
const deliveries = async () => (await client.control('GET', '/kommo/hooks')).json as unknown as Delivery[];
const webhook = async () => {
  const list = await client.callKommo(account.host, '/api/v4/webhooks', { headers: bearer(account.access) });
  return (list.json._embedded?.webhooks as unknown as Json[])[0];
};

/** Waits until the first delivery has this number of finished attempts. */
const attempted = (count: number) =>
  eventually(deliveries, ([first]) => first !== undefined && first.attempts.length >= count && first.state !== 'sending');

describe('a Kommo webhook on the wire', () => {
  it('equals the captured add and update byte for byte', async () => {
    await create({ id: 37054081, name: 'Абиба абибович' });
    await receiver.waitForCalls(1);
    clock.advance(1748292937_000 - createdAtMs);
    await client.setSwitches({ 'kommo.hook_old_responsible_always': true });
    await client.control('PATCH', `${contacts()}/37054081`, { position: '555', phones: ['333'], emails: ['444'] });
    const [add, update] = await receiver.waitForCalls(2);
    expect(add?.body).toBe(readSample('kommo', 'webhook-01-contact-add-2025.form').trim());
    expect(update?.body).toBe(readSample('kommo', 'webhook-02-contact-update-2025.form').trim());
  });

  it('has exactly the captured headers', async () => {
    await create({ id: 37054081, name: 'Абиба абибович' });
    const [hook] = await receiver.waitForCalls(1);
    const { host, connection, ...own } = hook?.headers ?? {};
    expect([host !== undefined, connection]).toEqual([true, 'close']);
    expect(own).toEqual({
      'accept-encoding': 'gzip',
      'x-amocrm-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': '753',
      'user-agent': 'amoCRM-Webhooks/3.0',
    });
  });

  it('contains only id and type for a delete', async () => {
    await create({ id: 37054081, hooks: false });
    await client.control('DELETE', `${contacts()}/37054081`);
    const [hook] = await receiver.waitForCalls(1);
    expect(hook?.body).toBe(readSample('kommo', 'webhook-42-contact-delete-DERIVED.form').trim());
  });

  it('contains dates as scalars and a radio button as an object', async () => {
    const [birthday, date, radio] = [735653, 735655, 735657];
    await create({
      custom_fields_values: [
        { field_id: radio, values: [{ value: '2' }] },
        { field_id: date, values: [{ value: 1542067200 }] },
        { field_id: birthday, values: [{ value: '12.01.1980' }] },
      ],
    });
    const [hook] = await receiver.waitForCalls(1);
    const pairs = decodeURIComponent(hook?.body ?? '').split('&');
    const field = (place: number) =>
      pairs.filter((pair) => pair.includes(`[custom_fields][${place}][values]`)).map((pair) => pair.split('[values]')[1]);
    expect([field(0), field(1), field(2)]).toEqual([['[0][value]=12.01.1980'], ['[0]=1542067200'], ['[value]=2', '[enum]=718341']]);
  });

  it('contains companies under contacts with their own type', async () => {
    await client.control('POST', `/kommo/accounts/${account.id}/companies`, { name: 'Acme', emails: ['a@acme.test'] });
    const [hook] = await receiver.waitForCalls(1);
    expect(decodeURIComponent(hook?.body ?? '')).toContain('contacts[add][0][type]=company');
  });

  it('contains the former responsible user when the user changes', async () => {
    await create({ id: 5, hooks: false });
    await client.control('PATCH', `${contacts()}/5`, { responsible_user_id: 77 });
    const [hook] = await receiver.waitForCalls(1);
    expect(decodeURIComponent(hook?.body ?? '')).toContain('[old_responsible_user_id]=10000698');
  });
});

describe('delivery of Kommo webhooks', () => {
  it('retries after a server error in 5, 15, 15 and 60 minutes, then fails', async () => {
    receiver.respond = () => 503;
    await create({ name: 'A' });
    for (const [index, minutes] of [5, 15, 15, 60].entries()) {
      await attempted(index + 1);
      clock.advance(minutes * minuteMs);
    }
    const [delivery] = await attempted(5);
    const starts = delivery?.attempts.map(({ at_ms }) => (at_ms - createdAtMs) / minuteMs);
    expect([delivery?.state, starts]).toEqual(['failed', [0, 5, 20, 35, 95]]);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-amocrm-requestid'])).size).toBe(1);
  });

  it('fails after three 4xx or 3xx responses', async () => {
    receiver.respond = () => 404;
    await create({ name: 'A' });
    for (const [index, minutes] of [5, 15].entries()) {
      await attempted(index + 1);
      clock.advance(minutes * minuteMs);
    }
    const [delivery] = await attempted(3);
    expect(delivery?.state).toBe('failed');
  });

  it('waits two seconds for a response', async () => {
    receiver.respond = () => undefined;
    await create({ name: 'A' });
    await receiver.waitForCalls(1);
    clock.advance(1999);
    expect((await deliveries())[0]?.state).toBe('sending');
    clock.advance(1);
    expect((await attempted(1))[0]).toMatchObject({ state: 'retry', attempts: [{ status: 0 }] });
  });

  it('scales the retry delays', async () => {
    await client.setSwitches({ 'kommo.hook_time_scale': 0.001, 'kommo.hook_request_id': 'new' });
    receiver.respond = ({ headers }) => (receiver.received[0]?.headers === headers ? 500 : 200);
    await create({ name: 'A' });
    await attempted(1);
    clock.advance(300);
    const [delivery] = await attempted(2);
    expect(delivery?.state).toBe('delivered');
    expect(new Set(receiver.received.map(({ headers }) => headers['x-amocrm-requestid'])).size).toBe(2);
  });

  it('disables a webhook after more than a hundred invalid responses in two hours', async () => {
    receiver.respond = () => 500;
    for (let number = 0; number < 100; number += 1) await create({ name: `c${number}` });
    await eventually(deliveries, (all) => all.length === 100 && all.every(({ state }) => state === 'retry'));
    expect((await webhook())?.disabled).toBe(false);
    await create({ name: 'last' });
    await eventually(webhook, (hook) => (hook?.disabled as unknown) === true);
    await create({ name: 'unheard' });
    expect(await deliveries()).toHaveLength(101);
  });

  it('holds deliveries and sends them in reverse order in a flush', async () => {
    await client.setSwitches({ 'kommo.hook_hold': true, 'kommo.hook_order': 'reverse', 'kommo.hook_concurrency': 1 });
    await create({ id: 1, name: 'A' });
    await create({ id: 2, name: 'B' });
    expect(receiver.received).toHaveLength(0);
    expect(await flush()).toEqual({ sent: 2, delivered: 2, failed: 0 });
    expect(receiver.received.map(({ body }) => /%5Bid%5D=(\d)&contacts/.exec(body)?.[1])).toEqual(['2', '1']);
  });

  it('loses the next deliveries, drops held ones and duplicates others', async () => {
    await client.control('POST', '/kommo/hooks/lose', { count: 1 });
    await create({ name: 'lost' });
    await client.setSwitches({ 'kommo.hook_hold': true, 'kommo.hook_duplicates': 1 });
    await create({ name: 'dropped' });
    expect((await client.control('POST', '/kommo/hooks/drop')).json).toEqual({ dropped: 2 });
    await create({ name: 'doubled' });
    expect(await flush()).toEqual({ sent: 2, delivered: 2, failed: 0 });
    expect(receiver.received.map(({ body }) => body.includes('doubled'))).toEqual([true, true]);
  });

  it('sends several entities and actions in one hook', async () => {
    await create({ id: 7, name: 'old', hooks: false });
    await client.setSwitches({ 'kommo.hook_batch': 3 });
    await create({ id: 8, name: 'one' });
    await create({ id: 9, name: 'two' });
    await client.control('DELETE', `${contacts()}/7`);
    const [hook] = await receiver.waitForCalls(1);
    const keys = decodeURIComponent(hook?.body ?? '')
      .split('&')
      .filter((pair) => pair.includes('][id]='))
      .map((pair) => pair.replace(/^contacts/, ''));
    expect(keys).toEqual(['[add][0][id]=8', '[add][1][id]=9', '[delete][0][id]=7']);
  });

  it('sends an incomplete batch at the end of its window', async () => {
    await client.setSwitches({ 'kommo.hook_batch': 10, 'kommo.hook_batch_window_ms': 500 });
    await create({ name: 'alone' });
    clock.advance(500);
    await receiver.waitForCalls(1);
  });

  it('can send an update after an add', async () => {
    await client.setSwitches({ 'kommo.add_followed_by_update': true });
    await create({ id: 3, name: 'A' });
    await receiver.waitForCalls(1);
    clock.advance(3000);
    const [, update] = await receiver.waitForCalls(2);
    expect(decodeURIComponent(update?.body ?? '')).toContain(`contacts[update][0][last_modified]=${createdAtMs / 1000 + 3}`);
  });

  it('sends nothing to a removed webhook', async () => {
    await client.setSwitches({ 'kommo.hook_hold': true });
    await create({ name: 'A' });
    const body = { destination: `${receiver.url}/hook` };
    await client.callKommo(account.host, '/api/v4/webhooks', { method: 'DELETE', headers: bearer(account.access), body });
    await flush();
    expect(receiver.received).toHaveLength(0);
    expect((await client.control('GET', '/kommo/hooks?summary=1')).json).toEqual({ dropped: 1 });
  });

  it('also sends hooks for writes through the API', async () => {
    const made = await client.callKommo(account.host, '/api/v4/contacts', { headers: bearer(account.access), body: [{ name: 'By API' }] });
    expect(made.status).toBe(200);
    await receiver.waitForCalls(1);
  });
});
