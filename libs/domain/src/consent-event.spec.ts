import { describe, expect, it } from '@jest/globals';
import { type ConsentEvent, readConsentEvent } from './consent-event.js';

const RECEIVED = Date.UTC(2026, 0, 2);
const context = { ourListIds: [1, 2], receivedAtMs: RECEIVED };
const event = (over: Partial<ConsentEvent>): ConsentEvent => ({
  name: 'unsubscribe',
  leftListIds: [],
  joinedListIds: [],
  otherListIds: [],
  ...over,
});

type Scopes = 'global' | 'list' | 'both unproven' | 'none' | 'ignored';

function scopesOf(read: ReturnType<typeof readConsentEvent>): Scopes {
  if (!read) return 'ignored';
  const { global, list } = read.refusals;
  if (global && list) return global.isUnproven && list.isUnproven && read.needsLook ? 'both unproven' : 'none';
  return global ? 'global' : list ? 'list' : 'none';
}

describe('R51: readConsentEvent', () => {
  it.each<[string, Partial<ConsentEvent>, Scopes]>([
    ['an unsubscribe from our list', { leftListIds: [2] }, 'list'],
    ['an unsubscribe from a list that was ours', { leftListIds: [1, 9] }, 'list'],
    ['an unsubscribe from another list', { leftListIds: [9], otherListIds: [1, 2, 9] }, 'ignored'],
    ['an unsubscribe without lists', {}, 'both unproven'],
    ['an unsubscribe that names our list without its meaning', { otherListIds: [2] }, 'both unproven'],
    ['an unsubscribe that names another list without its meaning', { otherListIds: [9] }, 'ignored'],
    ['a global unsubscribe', { name: 'email_status', status: 'unsubscribed' }, 'global'],
    ['a complaint', { name: 'email_status', status: 'blocked' }, 'global'],
    ['a letter whose reader unsubscribed', { name: 'email_status', status: 'ok_unsubscribed' }, 'both unproven'],
    ['an active status lifts nothing', { name: 'email_status', status: 'active' }, 'none'],
    ['an inactive status', { name: 'email_status', status: 'inactive' }, 'ignored'],
    ['a subscribe to our list lifts nothing', { name: 'subscribe', joinedListIds: [2] }, 'none'],
    ['a subscribe to another list', { name: 'subscribe', joinedListIds: [9] }, 'ignored'],
    ['another event', { name: 'campaign_status', status: 'unsubscribed' }, 'ignored'],
  ])('%s', (_name, over, scopes) => {
    expect(scopesOf(readConsentEvent(event(over), context))).toBe(scopes);
  });

  it.each<[string, Partial<ConsentEvent>, number | null]>([
    ['of a prompt first delivery is believed', { atMs: RECEIVED - 5_000 }, RECEIVED - 5_000],
    ['of a late delivery may be wrong by minutes', { atMs: RECEIVED - 3_600_000 }, RECEIVED - 3_600_000 - 15 * 60_000],
    ['of a repeated delivery may be wrong by minutes', { atMs: RECEIVED, isRepeated: true }, RECEIVED - 15 * 60_000],
    ['of a first delivery that is before its event may be wrong by minutes', { atMs: RECEIVED + 30_000 }, RECEIVED + 30_000 - 15 * 60_000],
    ['in the future is not believed', { atMs: RECEIVED + 3_600_000 }, null],
    ['that is missing is unknown', {}, null],
  ])('a time %s', (_name, over, refusedAtMs) => {
    const read = readConsentEvent(event({ leftListIds: [1], ...over }), context);
    expect(read?.refusals.list).toEqual({ kind: 'unsubscribed', refusedAtMs, learnedAtMs: RECEIVED, isUnproven: false });
  });
});
