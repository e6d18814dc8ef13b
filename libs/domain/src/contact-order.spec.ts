import { describe, expect, it } from '@jest/globals';
import type { ContactChange } from './contact-change.js';
import { type ChangeDecision, type MirrorVersion, decideChange } from './contact-order.js';

const change = (over: Partial<ContactChange> & { at?: number | undefined } = {}): ContactChange => {
  const { at, ...rest } = { at: 100, ...over };
  return {
    action: 'update',
    contactId: 1,
    entityType: 'contact',
    snapshot: { contactId: 1, name: 'A', emails: [], modifiedAtSeconds: at, gone: false, tags: [], fields: {} },
    ...rest,
  };
};
const mirror = (over: Partial<MirrorVersion> = {}): MirrorVersion => ({
  gone: false,
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
    ['an update of a contact held as gone', change({ at: 200 }), mirror({ gone: true }), 'reread'],
    ['an item without a type', change({ entityType: undefined, at: 200 }), mirror(), 'reread'],
    ['a delete', { action: 'delete', contactId: 1, entityType: 'contact' }, mirror(), 'reread'],
    ['a delete of an unknown contact', { action: 'delete', contactId: 1, entityType: 'contact' }, undefined, 'reread'],
    ['a restore', change({ action: 'restore', at: 200 }), mirror(), 'reread'],
  ])('%s', (_name, incoming, standing, decision) => {
    expect(decideChange(incoming, 'same', standing)).toBe(decision);
  });
});
