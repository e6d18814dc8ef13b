import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, ManualClock } from './manual-clock.js';
import { Receiver, SandboxClient, type Json } from './sandbox-harness.js';

const minuteMs = 60_000;
let clock: ManualClock;
let client: SandboxClient;
let receiver: Receiver;

beforeEach(async () => {
  clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
  client = await SandboxClient.start({ clock });
  receiver = await new Receiver().start();
  await client.control('POST', '/unisender/accounts', { api_key: 'key', login: 'me', lists: ['L'] });
  await client.control('POST', '/unisender/accounts/key/contacts', { email: 'a@example.org', lists: [20502076] });
});

afterEach(async () => {
  await client.stop();
  await receiver.stop();
});

const setHook = (extra = '') =>
  client.callUnisender(
    'setHook',
    `api_key=key&hook_url=${receiver.url}/u&event_format=json_post&events[unsubscribe]=*&events[email_status]=*${extra}`,
  );
const unsubscribe = () => client.control('POST', '/unisender/accounts/key/unsubscribe', { email: 'a@example.org' });
const hooks = async () => (await client.callUnisender('listHooks', 'api_key=key')).json.result as unknown as Json[];
const events = () => receiver.received.filter(({ method }) => method === 'POST');
const tried = (count: number) =>
  eventually(
    async () => (await client.control('GET', '/unisender/hooks')).json as unknown as { state: string; attempts: unknown[] }[],
    ([first]) => first !== undefined && first.attempts.length >= count && first.state !== 'sending',
  );

describe('webhooks of Unisender', () => {
  it('have a signature over the body with the key in place of auth', async () => {
    await setHook();
    await unsubscribe();
    await tried(1);
    const body = events()[0]?.body ?? '';
    const { auth } = JSON.parse(body) as { auth: string };
    expect(createHash('md5').update(body.replace(auth, 'key')).digest('hex')).toBe(auth);
    expect(JSON.parse(body)).toEqual({
      auth,
      events_by_user: [
        {
          login: 'me',
          events: [
            {
              event_name: 'unsubscribe',
              event_time: '2026-01-01 00:00:00',
              event_data: { email: 'a@example.org', just_unsubscribed_list_ids: [20502076] },
            },
          ],
        },
      ],
    });
  });

  it('are repeated every ten minutes with a rising retry_count, and stop after a day', async () => {
    await setHook('&single_event=1');
    receiver.respond = () => 500;
    await unsubscribe();
    for (let attempt = 1; attempt <= 144; attempt += 1) {
      await tried(attempt);
      clock.advance(10 * minuteMs);
    }
    await tried(145);
    const counts = events().map(({ body }) => (JSON.parse(body) as { retry_count?: number }).retry_count ?? 0);
    expect(counts).toEqual(Array.from({ length: 145 }, (_, index) => index));
    expect((await hooks())[0]?.status).toBe('stopped');
    await setHook('&status=active');
  });

  it('wait three seconds for a response', async () => {
    await setHook();
    receiver.respond = () => undefined;
    await unsubscribe();
    await receiver.waitForCalls(2);
    clock.advance(3000);
    const [delivery] = await tried(1);
    expect(delivery?.state).toBe('retry');
  });

  it('are rejected when the receiver does not respond to the probe', async () => {
    receiver.respond = () => 404;
    expect((await setHook()).json.code).toBe('unspecified');
    await client.setSwitches({ 'unisender.hook_probe': 'off' });
    expect((await setHook()).json.result).toEqual([]);
  });

  it('are replaced, listed and removed by URL', async () => {
    await setHook();
    await setHook('&single_event=1');
    expect(await hooks()).toEqual([
      {
        hook_url: `${receiver.url}/u`,
        event_format: 'json_post',
        events: { unsubscribe: '*', email_status: '*' },
        single_event: 1,
        max_parallel: 10,
        status: 'active',
      },
    ]);
    await client.callUnisender('removeHook', `api_key=key&hook_url=${receiver.url}/u`);
    expect(await hooks()).toEqual([]);
  });

  it('hold events until a flush, and report complaints', async () => {
    await setHook('&single_event=1');
    await client.setSwitches({ 'unisender.hook_hold': true, 'unisender.hook_duplicates': 1 });
    await client.control('POST', '/unisender/accounts/key/status', { email: 'a@example.org', status: 'blocked' });
    expect((await client.control('POST', '/unisender/hooks/flush')).json).toEqual({ sent: 2, delivered: 2, failed: 0 });
    expect(JSON.parse(events()[0]?.body ?? '')).toMatchObject({ event_name: 'email_status', email: 'a@example.org', status: 'blocked' });
  });
});
