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
    ['an update of a contact held as gone', change({ at: 200 }), mirror({ isDeleted: true }), 'reread'],
    ['an item without a type', change({ entityType: undefined, at: 200 }), mirror(), 'reread'],
    ['a delete', { action: 'delete', contactId: 1, entityType: 'contact' }, mirror(), 'reread'],
    ['a delete of an unknown contact', { action: 'delete', contactId: 1, entityType: 'contact' }, undefined, 'reread'],
    ['a restore', change({ action: 'restore', at: 200 }), mirror(), 'reread'],
  ])('%s', (_name, incoming, standing, decision) => {
    expect(decideChange(incoming, 'same', standing)).toBe(decision);
  });
});

describe('newestOf', () => {
  const named = (name: string, at: number | undefined) => ({ ...change().snapshot, contactId: 1, name, modifiedAtSeconds: at }) as const;
  const answer = (at: number | undefined) => new Map([[1, { emails: [], isDeleted: false, tags: [], fields: {}, ...named('answer', at) }]]);

  it.each<[string, ContactChange, string]>([
    ['an older change', change({ at: 99 }), 'answer'],
    ['a change of the same second', change({ at: 100 }), 'answer'],
    ['a newer change', change({ at: 101 }), 'A'],
    ['a newer change of what may be a company', change({ at: 101, entityType: undefined }), 'answer'],
    ['a delete', { action: 'delete', contactId: 1, entityType: 'contact' }, 'answer'],
  ])('%s', (_name, delivered, expected) => {
    expect(newestOf(answer(100), [delivered]).get(1)?.name).toBe(expected);
  });

  it('takes the newest of several changes, and none of a contact that Kommo does not have', () => {
    expect(newestOf(answer(100), [change({ at: 102 }), change({ at: 101 })]).get(1)?.modifiedAtSeconds).toBe(102);
    expect(newestOf(new Map(), [change({ at: 102 })]).size).toBe(0);
  });
});

describe('sortPage', () => {
  const ASKED = 5_000;
  const listed = { contactId: 1, contentHash: 'same', modifiedAtSeconds: 100 };

  it.each<[string, MirrorVersion | undefined, 'fresh' | 'same' | 'outrun' | 'none']>([
    ['an unknown contact', undefined, 'fresh'],
    ['a known one', mirror(), 'same'],
    ['a known one that was saved meanwhile', mirror({ savedAtMs: ASKED }), 'same'],
    ['one with other content', mirror({ contentHash: 'other', modifiedAtSeconds: 99 }), 'fresh'],
    ['one with other content in the same second', mirror({ contentHash: 'other' }), 'fresh'],
    ['one that the mirror knows newer: the list lags', mirror({ contentHash: 'other', modifiedAtSeconds: 101 }), 'none'],
    ['one that a hook changed while the page was under way', mirror({ contentHash: 'other', savedAtMs: ASKED }), 'outrun'],
    ['one that is held as gone', mirror({ isDeleted: true }), 'fresh'],
    ['one that went while the page was under way', mirror({ isDeleted: true, savedAtMs: ASKED }), 'outrun'],
  ])('%s', (_name, standing, place) => {
    const sorted = sortPage([listed], new Map(standing ? [[1, standing]] : []), ASKED);
    const places = (['fresh', 'same', 'outrun'] as const).filter((name) => sorted[name].length > 0);
    expect(places).toEqual(place === 'none' ? [] : [place]);
  });
});
