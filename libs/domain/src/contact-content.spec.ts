import { describe, expect, it } from '@jest/globals';
import { defaultAccountSettings } from './account-settings.js';
import { hashContent, toContactContent } from './contact-content.js';
import type { ContactSnapshot } from './contact-snapshot.js';

const snapshot = (over: Partial<ContactSnapshot> = {}): ContactSnapshot => ({
  contactId: 1,
  name: ' Anna ',
  emails: ['A@b.co', 'a@B.co ', '444', ''],
  modifiedAtSeconds: 1,
  isDeleted: false,
  tags: ['vip'],
  fields: { PHONE: '+7', '42': 'Omsk' },
  ...over,
});

describe('toContactContent', () => {
  it('keeps each address once and in order, an invalid one with its reason', () => {
    expect(toContactContent(snapshot(), defaultAccountSettings)).toEqual({
      name: 'Anna',
      addresses: [
        { email: 'a@b.co', invalidReason: null },
        { email: '444', invalidReason: 'no_at_sign' },
      ],
      fields: {},
      passesFilter: true,
    });
  });

  it.each([
    [['vip'], [], true],
    [['other'], [], false],
    [[], ['vip'], false],
    [['vip'], ['vip'], false],
  ])('passes the filter with included tags %j and excluded tags %j: %s', (includeTags, excludeTags, passes) => {
    expect(toContactContent(snapshot(), { ...defaultAccountSettings, includeTags, excludeTags }).passesFilter).toBe(passes);
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
    const hashes = [hash({}), hash({ name: 'B' }), hash({ emails: ['a@b.co'] }), hash({ emails: [] })];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
