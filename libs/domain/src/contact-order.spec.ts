import { describe, expect, it } from '@jest/globals';
import type { ContactChange } from './contact-change.js';
import {
  type ChangeDecision,
  type MirrorVersion,
  type RereadCase,
  type RereadDecision,
  decideChange,
  decideReread,
  sortPage,
} from './contact-order.js';

const change = (over: Partial<ContactChange> & { at?: number | undefined } = {}): ContactChange => {
  const { at, ...rest } = { at: 100, ...over };
  return {
    action: 'update',
    contactId: 1,
    entityType: 'contact',
    snapshot: { contactId: 1, name: 'A', emails: [], modifiedAtSeconds: at, isDeleted: false, tags: [], responsibleUserId: 0, fields: {} },
    ...rest,
  };
};
const mirror = (over: Partial<MirrorVersion> = {}): MirrorVersion => ({
  isDeleted: false,
  modifiedAtSeconds: 100,
  contentHash: 'same',
  savedAtMs: 0,
  ...over,
});

describe('decideChange', () => {
  it.each<[string, ContactChange, MirrorVersion | undefined, ChangeDecision]>([
    ['an add of an unknown contact', change({ action: 'add' }), undefined, 'apply'],
    ['an update before its add', change(), undefined, 'apply'],
    ['a newer update', change({ at: 101 }), mirror(), 'apply'],
    ['an older update with the content of the mirror (R16)', change({ at: 99 }), mirror(), 'skip'],
    [
      'an older update with other content: a late webhook, or a time that was set back (R73)',
      change({ at: 99 }),
      mirror({ contentHash: 'other' }),
      'reread',
    ],
    ['a newer update that waited with others of unknown order', change({ at: 101, isUnordered: true }), mirror(), 'reread'],
    ['changes that contradict each other', change({ action: 'reread', at: 101 }), mirror(), 'reread'],
    ['the same update again (R15)', change(), mirror(), 'skip'],
    ['another content in the same second', change(), mirror({ contentHash: 'other' }), 'reread'],
    ['an update without a time', change({ at: undefined }), mirror(), 'reread'],
    ['an update of a deleted contact', change({ at: 200 }), mirror({ isDeleted: true }), 'reread'],
    ['an item without a type', change({ entityType: undefined, at: 200 }), mirror(), 'reread'],
    ['a delete', { action: 'delete', contactId: 1, entityType: 'contact' }, mirror(), 'reread'],
    ['a delete of an unknown contact', { action: 'delete', contactId: 1, entityType: 'contact' }, undefined, 'reread'],
    ['a restore', change({ action: 'restore', at: 200 }), mirror(), 'reread'],
  ])('%s', (_name, incoming, known, decision) => {
    expect(decideChange(incoming, 'same', known)).toBe(decision);
  });
});

describe('decideReread', () => {
  const LONG_AGO = 0;
  const NOW = 1_000_000_000;
  const deletion: ContactChange = { action: 'delete', contactId: 1, entityType: 'contact' };
  const shown = (at: number | undefined) => ({ modifiedAtSeconds: at });
  const decide = (over: Partial<RereadCase>): RereadDecision['kind'] =>
    decideReread({ change: change(), response: undefined, mirror: mirror(), attempts: 0, nowMs: NOW, ...over }).kind;

  it.each<[string, Partial<RereadCase>, RereadDecision['kind']]>([
    ['a delete of a contact that is not shown', { change: deletion }, 'delete'],
    ['a delete of a contact that is still shown (R73)', { change: deletion, response: shown(100) }, 'again'],
    ['a delete of a contact that is shown in all responses', { change: deletion, response: shown(100), attempts: 4 }, 'response'],
    ['an update of a contact that is not shown', { change: change({ at: 100 }) }, 'again'],
    ['an update of a contact that is in no response', { attempts: 4 }, 'delete'],
    [
      'a restore of a contact that is in no response',
      { change: change({ action: 'restore' }), mirror: mirror({ isDeleted: true }), attempts: 4 },
      'keep',
    ],
    ['a restore', { change: change({ action: 'restore' }), response: shown(100), mirror: mirror({ isDeleted: true }) }, 'response'],
    ['an item without a type that is no contact', { change: change({ entityType: undefined }), mirror: undefined }, 'delete'],
    ['a response older than the change', { change: change({ at: 101 }), response: shown(100) }, 'change'],
    [
      'a response older than the change of a contact or company',
      { change: change({ at: 101, entityType: undefined }), response: shown(100) },
      'again',
    ],
    ['a response of the same second', { response: shown(100) }, 'response'],
    ['a response newer than the change', { change: change({ at: 99 }), response: shown(100) }, 'response'],
    ['a time that was set back long after the mirror was stored', { change: change({ at: 50 }), response: shown(50) }, 'response'],
    [
      'a time that was set back, or a response that lags (R73)',
      { change: change({ at: 50 }), response: shown(50), mirror: mirror({ savedAtMs: NOW - 1_000 }) },
      'again',
    ],
    [
      'a time that was set back, by the third response (R73)',
      { change: change({ at: 50 }), response: shown(50), mirror: mirror({ savedAtMs: NOW - 1_000 }), attempts: 2 },
      'response',
    ],
    [
      'changes that contradict each other of an existing contact that is shown',
      { change: change({ action: 'reread' }), response: shown(100) },
      'response',
    ],
    ['changes that contradict each other of an existing contact that is not shown', { change: change({ action: 'reread' }) }, 'again'],
    [
      'changes that contradict each other of an existing contact that is still not shown',
      { change: change({ action: 'reread' }), attempts: 1 },
      'delete',
    ],
    [
      'changes that contradict each other of a deleted contact that is not shown',
      { change: change({ action: 'reread' }), mirror: mirror({ isDeleted: true }) },
      'keep',
    ],
  ])('%s', (_name, rereadCase, kind) => {
    expect(decide(rereadCase)).toBe(kind);
  });

  it('asks again after growing delays, and a bounded number of times', () => {
    const delays: number[] = [];
    for (let attempts = 0; ; attempts += 1) {
      const decision = decideReread({ change: deletion, response: shown(100), mirror: mirror(), attempts, nowMs: LONG_AGO });
      if (decision.kind !== 'again') break;
      delays.push(decision.delayMs);
    }
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays.length).toBeGreaterThanOrEqual(3);
    expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeLessThan(5 * 60_000);
  });
});

describe('sortPage', () => {
  const ASKED = 5_000;
  const listed = { contactId: 1, contentHash: 'same', modifiedAtSeconds: 100 };

  it.each<[string, MirrorVersion | undefined, 'fresh' | 'same' | 'doubtful']>([
    ['an unknown contact', undefined, 'fresh'],
    ['a known contact', mirror(), 'same'],
    ['a known contact that was stored after the request', mirror({ savedAtMs: ASKED }), 'same'],
    ['a contact with other content', mirror({ contentHash: 'other', modifiedAtSeconds: 99 }), 'fresh'],
    ['a contact with other content in the same second', mirror({ contentHash: 'other' }), 'fresh'],
    [
      'a contact with a newer time in the mirror, because the list lags or the time was set back (R73)',
      mirror({ contentHash: 'other', modifiedAtSeconds: 101 }),
      'doubtful',
    ],
    ['a contact that a webhook changed while the page was read', mirror({ contentHash: 'other', savedAtMs: ASKED }), 'doubtful'],
    ['a deleted contact', mirror({ isDeleted: true }), 'fresh'],
    ['a contact that was deleted while the page was read', mirror({ isDeleted: true, savedAtMs: ASKED }), 'doubtful'],
  ])('%s', (_name, known, place) => {
    const sorted = sortPage([listed], new Map(known ? [[1, known]] : []), ASKED);
    const places = (['fresh', 'same', 'doubtful'] as const).filter((name) => sorted[name].length > 0);
    expect(places).toEqual([place]);
  });
});
