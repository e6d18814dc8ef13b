import { describe, expect, it } from '@jest/globals';
import { readUnisenderHook } from './unisender-event.js';

const none = { email: undefined, listIds: [], status: undefined, eventTime: undefined };

describe('readUnisenderHook', () => {
  it('reads the single form', () => {
    const body = {
      auth: 'x',
      login: 'ID1',
      event_name: 'subscribe',
      event_time: '2025-05-16 20:23:28',
      email: 'subscriber@email.com',
      subscribed_list_ids: [3],
    };
    expect(readUnisenderHook(body)).toEqual([
      { name: 'subscribe', email: 'subscriber@email.com', listIds: [3], status: undefined, eventTime: '2025-05-16 20:23:28' },
    ]);
  });

  it('reads the batch form with several users and events, in order', () => {
    const body = {
      auth: 'x',
      events_by_user: [
        {
          login: 'a',
          events: [
            {
              event_name: 'unsubscribe',
              event_time: 't1',
              event_data: { email: 'a@example.org', just_unsubscribed_list_ids: '5, 6', list_ids: [5] },
            },
            { event_name: 'email_status', event_data: { email: 'b@example.org', email_status: 'blocked', list_id: '7' } },
          ],
        },
        { login: 'b', events: { 0: { event_name: 'user_info', event_data: { phone: '1' } } } },
      ],
    };
    expect(readUnisenderHook(body)).toEqual([
      { name: 'unsubscribe', email: 'a@example.org', listIds: [5, 6], status: undefined, eventTime: 't1' },
      { name: 'email_status', email: 'b@example.org', listIds: [7], status: 'blocked', eventTime: undefined },
      { ...none, name: 'user_info' },
    ]);
  });

  it('accepts unknown event names and skips items without one', () => {
    expect(readUnisenderHook({ event_name: 'brand_new', anything: { deep: true } })).toEqual([{ ...none, name: 'brand_new' }]);
    expect(readUnisenderHook({ events_by_user: [{ events: ['x', null, { event_data: {} }] }, 'y'] })).toEqual([]);
  });

  it.each([null, undefined, 'x', 7, [], {}, { events_by_user: null }])('finds nothing in %p', (body) => {
    expect(readUnisenderHook(body)).toEqual([]);
  });

  it('S02: names no list in a text that is too long for list ids', () => {
    const ids = (count: number) => readUnisenderHook({ event_name: 'x', list_ids: '7,'.repeat(count) })[0]?.listIds;
    expect(ids(5_000)).toEqual([7]);
    expect(ids(5_001)).toEqual([]);
  });

  it('R47: treats __proto__ as an ordinary key', () => {
    const body: unknown = JSON.parse(
      '{"event_name":"unsubscribe","event_data":{"__proto__":{"email":"x@example.org"},"constructor":{"y":1}}}',
    );
    expect(readUnisenderHook(body)).toEqual([{ ...none, name: 'unsubscribe' }]);
  });
});
