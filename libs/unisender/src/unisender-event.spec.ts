import { describe, expect, it } from '@jest/globals';
import { readUnisenderHook } from './unisender-event.js';

const none = {
  email: undefined,
  login: undefined,
  leftListIds: [],
  joinedListIds: [],
  otherListIds: [],
  status: undefined,
  eventTime: undefined,
  atMs: undefined,
  isRepeated: false,
};

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
      {
        ...none,
        name: 'subscribe',
        email: 'subscriber@email.com',
        login: 'ID1',
        joinedListIds: [3],
        eventTime: '2025-05-16 20:23:28',
        atMs: Date.UTC(2025, 4, 16, 20, 23, 28),
      },
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
      { ...none, name: 'unsubscribe', login: 'a', email: 'a@example.org', leftListIds: [5, 6], otherListIds: [5], eventTime: 't1' },
      { ...none, name: 'email_status', login: 'a', email: 'b@example.org', otherListIds: [7], status: 'blocked' },
      { ...none, name: 'user_info', login: 'b' },
    ]);
  });

  it('R51: reads list ids by the meaning of their names, and whether the delivery is a repeated one', () => {
    const single = { event_name: 'unsubscribe', unsubscribed_list_ids: [1], list_ids: '1,2', retry_count: 2 };
    expect(readUnisenderHook(single)).toMatchObject([{ leftListIds: [1], joinedListIds: [], otherListIds: [1, 2], isRepeated: true }]);
    const batch = {
      retry_count: '1',
      events_by_user: [{ events: [{ event_name: 'subscribe', event_data: { just_subscribed_list_ids: 3 } }] }],
    };
    expect(readUnisenderHook(batch)).toMatchObject([{ leftListIds: [], joinedListIds: [3], isRepeated: true }]);
  });

  it('accepts unknown event names and skips items without one', () => {
    expect(readUnisenderHook({ event_name: 'brand_new', anything: { deep: true } })).toEqual([{ ...none, name: 'brand_new' }]);
    expect(readUnisenderHook({ events_by_user: [{ events: ['x', null, { event_data: {} }] }, 'y'] })).toEqual([]);
  });

  it.each([null, undefined, 'x', 7, [], {}, { events_by_user: null }])('finds nothing in %p', (body) => {
    expect(readUnisenderHook(body)).toEqual([]);
  });

  it('S02: names no list in a text that is too long for list ids', () => {
    const ids = (count: number) => readUnisenderHook({ event_name: 'x', list_ids: '7,'.repeat(count) })[0]?.otherListIds;
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
