import { describe, expect, it } from '@jest/globals';
import type { ContactChange } from './contact-change.js';
import { type ChangeDecision, type MirrorVersion, decideChange, newestOf, sortPage } from './contact-order.js';

const change = (over: Partial<ContactChange> & { at?: number | undefined } = {}): ContactChange => {
  const { at, ...rest } = { at: 100, ...over };
  return {
    action: 'update',
    contactId: 1,
    entityType: 'contact',
    snapshot: { contactId: 1, name: 'A', emails: [], modifiedAtSeconds: at, isDeleted: false, tags: [], fields: {} },
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
    ['an older update (R16)', change({ at: 99 }), mirror({ contentHash: 'other' }), 'skip'],
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

describe('newestOf', () => {
  const named = (name: string, at: number | undefined) => ({ ...change().snapshot, contactId: 1, name, modifiedAtSeconds: at }) as const;
  const response = (at: number | undefined) =>
    new Map([[1, { emails: [], isDeleted: false, tags: [], fields: {}, ...named('response', at) }]]);

  it.each<[string, ContactChange, string]>([
    ['an older change', change({ at: 99 }), 'response'],
    ['a change of the same second', change({ at: 100 }), 'response'],
    ['a newer change', change({ at: 101 }), 'A'],
    ['a newer change of a contact or company', change({ at: 101, entityType: undefined }), 'response'],
    ['a delete', { action: 'delete', contactId: 1, entityType: 'contact' }, 'response'],
  ])('%s', (_name, delivered, expected) => {
    expect(newestOf(response(100), [delivered]).get(1)?.name).toBe(expected);
  });

  it('takes the newest of several changes, and none of a contact that Kommo does not return', () => {
    expect(newestOf(response(100), [change({ at: 102 }), change({ at: 101 })]).get(1)?.modifiedAtSeconds).toBe(102);
    expect(newestOf(new Map(), [change({ at: 102 })]).size).toBe(0);
  });
});

describe('sortPage', () => {
  const ASKED = 5_000;
  const listed = { contactId: 1, contentHash: 'same', modifiedAtSeconds: 100 };

  it.each<[string, MirrorVersion | undefined, 'fresh' | 'same' | 'changedMeanwhile' | 'none']>([
    ['an unknown contact', undefined, 'fresh'],
    ['a known contact', mirror(), 'same'],
    ['a known contact that was stored after the request', mirror({ savedAtMs: ASKED }), 'same'],
    ['a contact with other content', mirror({ contentHash: 'other', modifiedAtSeconds: 99 }), 'fresh'],
    ['a contact with other content in the same second', mirror({ contentHash: 'other' }), 'fresh'],
    [
      'a contact with a newer version in the mirror, because the list lags',
      mirror({ contentHash: 'other', modifiedAtSeconds: 101 }),
      'none',
    ],
    ['a contact that a webhook changed while the page was read', mirror({ contentHash: 'other', savedAtMs: ASKED }), 'changedMeanwhile'],
    ['a deleted contact', mirror({ isDeleted: true }), 'fresh'],
    ['a contact that was deleted while the page was read', mirror({ isDeleted: true, savedAtMs: ASKED }), 'changedMeanwhile'],
  ])('%s', (_name, known, place) => {
    const sorted = sortPage([listed], new Map(known ? [[1, known]] : []), ASKED);
    const places = (['fresh', 'same', 'changedMeanwhile'] as const).filter((name) => sorted[name].length > 0);
    expect(places).toEqual(place === 'none' ? [] : [place]);
  });
});
