import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type StoredSnapshot, packSnapshot, readPackedSnapshot, toStoredSnapshot } from './contact-snapshot.js';

const snapshot: StoredSnapshot = {
  name: ' Anna 🦊 ',
  emails: [
    { value: ' A@b.co', kind: 'WORK' },
    { value: '444', kind: 718_333 },
  ],
  tags: ['vip', 'Клиент'],
  responsibleUserId: 8_375_357,
  fields: { PHONE: '+7', '42': 'Omsk "centre"\nroom 5' },
};

const bytesOf = (text: string) => Buffer.byteLength(text);

describe('the stored snapshot of a contact', () => {
  it('keeps an ordinary contact as it is', () => {
    expect(toStoredSnapshot(snapshot)).toEqual(snapshot);
    expect(readPackedSnapshot(packSnapshot(snapshot))).toEqual(snapshot);
  });

  it('fits into a text column of MySQL, whatever the contact contains', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.constantFrom('\u0001', '\ud800', '🦊', 'ж', '漢', '"\\').map((part) => part.repeat(20_000)),
    );
    const anything = fc.record({
      name: text,
      emails: fc.array(fc.record({ value: text, kind: fc.oneof(fc.constant('PRIV' as const), fc.nat()) }), { maxLength: 300 }),
      tags: fc.array(text, { maxLength: 300 }),
      responsibleUserId: fc.nat(),
      fields: fc.dictionary(text, text, { maxKeys: 300 }),
    });
    fc.assert(
      fc.property(anything, (contact) => {
        const stored = toStoredSnapshot(contact);
        expect(bytesOf(packSnapshot(stored))).toBeLessThan(65_535);
        expect(toStoredSnapshot(stored)).toEqual(stored);
      }),
      { numRuns: 100 },
    );
  });

  it('cuts the long values of a huge contact and keeps the short ones', () => {
    const fields = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [String(index), 'ж'.repeat(5_000)]));
    const stored = toStoredSnapshot({ ...snapshot, fields: { ...fields, CITY: 'Omsk' } });
    expect(stored.fields['CITY']).toBe('Omsk');
    expect(stored.fields['7']?.length).toBeGreaterThan(100);
    expect(stored.emails).toEqual(snapshot.emails);
  });

  it('keeps no half of a surrogate pair and no control character', () => {
    const stored = toStoredSnapshot({ ...snapshot, name: `${'x'.repeat(999)}🦊`, tags: ['a\u0000b\ud800'] });
    expect(stored.name).toBe('x'.repeat(999));
    expect(stored.tags).toEqual(['a b\ufffd']);
  });
});
