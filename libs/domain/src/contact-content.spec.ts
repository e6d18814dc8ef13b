import { describe, expect, it } from '@jest/globals';
import { defaultAccountSettings } from './account-settings.js';
import { hashContent, toContactContent } from './contact-content.js';
import type { AddressKind, ContactSnapshot, SnapshotEmail } from './contact-snapshot.js';

const other = (...values: string[]): SnapshotEmail[] => values.map((value) => ({ value, kind: 'OTHER' }));

const snapshot = (over: Partial<ContactSnapshot> = {}): ContactSnapshot => ({
  contactId: 1,
  name: ' Anna ',
  emails: other('A@b.co', 'a@B.co ', '444', ''),
  modifiedAtSeconds: 1,
  isDeleted: false,
  tags: ['vip'],
  responsibleUserId: 7,
  fields: { PHONE: '+7', '42': 'Omsk' },
  ...over,
});

describe('toContactContent', () => {
  it('keeps each address once and in order, an invalid one with its reason', () => {
    expect(toContactContent(snapshot(), defaultAccountSettings)).toEqual({
      name: 'Anna',
      addresses: [
        { email: 'a@b.co', invalidReason: null, kind: 'OTHER' },
        { email: '444', invalidReason: 'no_at_sign', kind: 'OTHER' },
      ],
      unselected: [],
      fields: {},
      passesFilter: true,
    });
  });

  it.each([
    [['vip'], [], true],
    [['other'], [], false],
    [[], ['vip'], false],
    [['vip'], ['vip'], false],
    [['VIP'], [], true],
    [[' Vip '], [], true],
    [[], ['ViP'], false],
  ])('passes the filter with included tags %j and excluded tags %j: %s', (includeTags, excludeTags, passes) => {
    expect(toContactContent(snapshot(), { ...defaultAccountSettings, includeTags, excludeTags }).passesFilter).toBe(passes);
  });

  it('R62: compares tags of any alphabet without case', () => {
    const content = toContactContent(snapshot({ tags: ['Важный Клиент'] }), { ...defaultAccountSettings, includeTags: ['ВАЖНЫЙ клиент'] });
    expect(content.passesFilter).toBe(true);
  });

  it.each([
    [[], true],
    [[7], true],
    [[8, 7], true],
    [[8], false],
  ])('passes with the responsible users %j: %s', (responsibleUserIds, passes) => {
    expect(toContactContent(snapshot(), { ...defaultAccountSettings, responsibleUserIds }).passesFilter).toBe(passes);
  });

  it('selects addresses by kind; one without a known kind is OTHER', () => {
    const emails: SnapshotEmail[] = [
      { value: 'work@b.co', kind: 'WORK' },
      { value: 'home@b.co', kind: 11 },
      { value: 'none@b.co', kind: 'OTHER' },
      { value: 'new@b.co', kind: 12 },
      { value: 'both@b.co', kind: 'PRIV' },
      { value: 'both@b.co', kind: 'WORK' },
    ];
    const select = (...addressKinds: AddressKind[]) => {
      const { addresses, unselected } = toContactContent(snapshot({ emails }), { ...defaultAccountSettings, addressKinds }, { 11: 'PRIV' });
      return [addresses.map(({ email }) => email), unselected.map(({ email }) => email)];
    };
    expect(select('WORK')).toEqual([
      ['work@b.co', 'both@b.co'],
      ['home@b.co', 'none@b.co', 'new@b.co'],
    ]);
    expect(select('PRIV', 'OTHER')).toEqual([['home@b.co', 'none@b.co', 'new@b.co', 'both@b.co'], ['work@b.co']]);
  });

  it('maps fields by code and by id, an absent one to an empty value', () => {
    const settings = { ...defaultAccountSettings, fields: { PHONE: 'Tel', '42': 'City', X: 'Gone' } };
    expect(toContactContent(snapshot(), settings).fields).toEqual({ City: 'Omsk', Gone: '', Tel: '+7' });
  });

  it('cuts long names and values at whole characters', () => {
    const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [String(index), `F${index}`]));
    const long = snapshot({
      name: `${'x'.repeat(999)}🦊`,
      fields: Object.fromEntries(Object.keys(fields).map((id) => [id, 'ж'.repeat(70_000)])),
    });
    const content = toContactContent(long, { ...defaultAccountSettings, fields });
    expect(content.name).toBe('x'.repeat(999));
    expect(Buffer.byteLength(JSON.stringify(content.fields))).toBeLessThan(65_535);
    expect(toContactContent(long, { ...defaultAccountSettings, fields: { '1': 'One' } }).fields['One']).toHaveLength(1_000);
  });

  it('hashes equal content equally and every difference differently', () => {
    const hash = (over: Partial<ContactSnapshot>) => hashContent(toContactContent(snapshot(over), defaultAccountSettings));
    expect(hash({ modifiedAtSeconds: 9 })).toBe(hash({}));
    const hashes = [hash({}), hash({ name: 'B' }), hash({ emails: other('a@b.co') }), hash({ emails: [] })];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
