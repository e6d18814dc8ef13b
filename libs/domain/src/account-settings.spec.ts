import { describe, expect, it } from '@jest/globals';
import {
  type AccountSettings,
  defaultAccountSettings,
  haveSameContent,
  parseSettingsPatch,
  readStoredSettings,
  toSettingsView,
  toStoredSettings,
} from './account-settings.js';
import { InvalidInputError } from './errors.js';

const parse = (input: unknown, current = defaultAccountSettings) => parseSettingsPatch(input)(current);

const problemsOf = (input: unknown): string[] => {
  try {
    parse(input);
    return [];
  } catch (error) {
    return error instanceof InvalidInputError ? error.fields.map(({ field }) => field) : ['not an input error'];
  }
};

describe('account settings', () => {
  it('change only where the input names them', () => {
    const first = parse({ delete_policy: 'exclude', include_tags: 'vip, partner' });
    const second = parse({ list_title: ' Newsletter ', fields: { PHONE: 'KommoPhone' } }, first);
    expect(second).toEqual({
      ...defaultAccountSettings,
      deletePolicy: 'exclude',
      includeTags: ['vip', 'partner'],
      listTitle: 'Newsletter',
      fields: { PHONE: 'KommoPhone' },
    });
    expect(readStoredSettings(toStoredSettings(second))).toEqual(second);
  });

  it('name every bad field', () => {
    expect(
      problemsOf({
        delete_policy: 'drop',
        list_title: '',
        fields: { PHONE: 'email', X: '1a' },
        include_tags: 7,
        write_back: 'maybe',
        colour: 'red',
      }),
    ).toEqual([
      'settings.delete_policy',
      'settings.list_title',
      'settings.fields.PHONE',
      'settings.fields.X',
      'settings.include_tags',
      'settings.write_back',
      'settings.colour',
    ]);
    expect(problemsOf({ fields: { ['x'.repeat(70_000)]: 'X' }, exclude_tags: ['x'.repeat(70_000)] })).toEqual([
      'settings.fields',
      'settings.exclude_tags',
    ]);
    expect(problemsOf('x')).toEqual(['settings']);
    expect(problemsOf(JSON.parse('{"__proto__":{"a":1}}'))).toEqual(['settings.__proto__']);
  });

  it('accept every setting of the contract, as JSON and as texts of a form', () => {
    const expected: AccountSettings = {
      ...defaultAccountSettings,
      listId: 77,
      addressKinds: ['WORK', 'OTHER'],
      responsibleUserIds: [8_375_357, 0],
      removalLimitPercent: 5,
    };
    const json = { list_id: 77, address_kinds: ['OTHER', 'work'], responsible_user_ids: [8_375_357, 0], removal_limit_percent: 5 };
    const form = { list_id: '77', address_kinds: 'OTHER, WORK', responsible_user_ids: '8375357,0', removal_limit_percent: '5' };
    expect(parse(json)).toEqual(expected);
    expect(parse(form)).toEqual(expected);
    expect(parse(toSettingsView(expected))).toEqual(expected);
  });

  it('are reset to the default by null and by an empty list', () => {
    const all = parse({
      list_title: 'Newsletter',
      delete_policy: 'exclude',
      address_kinds: ['PRIV'],
      fields: { PHONE: 'Tel' },
      include_tags: ['a'],
      exclude_tags: ['b'],
      responsible_user_ids: [1],
      write_back: false,
      write_back_tag: 'left',
      removal_limit_percent: 1,
    });
    const nothing = Object.fromEntries(Object.keys(toSettingsView(all)).map((name) => [name, null]));
    expect(parse(nothing, all)).toEqual(defaultAccountSettings);
    expect(parse({ address_kinds: [], include_tags: [], fields: [] }, all)).toEqual({
      ...all,
      addressKinds: defaultAccountSettings.addressKinds,
      includeTags: [],
      fields: {},
    });
  });

  it('choose a list by title or by id, the later choice instead of the earlier one', () => {
    const byTitle = parse({ list_title: 'Newsletter' });
    const byId = parse({ list_id: 5 }, byTitle);
    expect([byId.listTitle, byId.listId]).toEqual([undefined, 5]);
    const again = parse({ list_title: 'Newsletter' }, byId);
    expect(toStoredSettings(again)).toBe(toStoredSettings(byTitle));
    expect(problemsOf({ list_title: 'Newsletter', list_id: 5 })).toEqual(['settings.list_id']);
  });

  it('name what is wrong with a mapping of fields', () => {
    const messageOf = (fields: unknown): string => {
      try {
        parse({ fields });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf({ PHONE: 'phone_work' })).toContain('begins with email_ or phone_, as the names of Unisender itself do');
    expect(messageOf({ '1': 'Email_status' })).toContain('begins with email_ or phone_');
    expect(messageOf({ '1': 'City', '2': 'City' })).toBe(
      'settings.fields.2 is the second source of City: a Unisender field has one source',
    );
    expect(messageOf({ '1': 'City', '2': 'city' })).toBe('');
    expect(messageOf({ EMAIL: 'Mail' })).toContain('must not name EMAIL');
    expect(messageOf(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [String(index + 1), `F${index}`])))).toBe('');
    expect(messageOf(Object.fromEntries(Array.from({ length: 51 }, (_, index) => [String(index + 1), `F${index}`])))).toContain(
      'at most 50',
    );
  });

  it.each([
    ['list_id', 0],
    ['list_id', 'x'],
    ['address_kinds', ['HOME']],
    ['address_kinds', 7],
    ['address_kinds', ['WORK', 5]],
    ['responsible_user_ids', [1.5]],
    ['responsible_user_ids', { a: 1 }],
    ['responsible_user_ids', [-1]],
    ['removal_limit_percent', 101],
    ['removal_limit_percent', 0.5],
    ['removal_limit_percent', '-1'],
  ])('refuse %s %j', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([`settings.${name}`]);
  });

  it('tell which changes select other contacts, addresses or fields', () => {
    const change = (settings: Partial<AccountSettings>) =>
      haveSameContent(defaultAccountSettings, { ...defaultAccountSettings, ...settings });
    expect(change({ writeBack: false, deletePolicy: 'exclude', listTitle: 'x', removalLimitPercent: 1 })).toBe(true);
    const contents: Partial<AccountSettings>[] = [
      { addressKinds: ['WORK'] },
      { fields: { PHONE: 'Tel' } },
      { includeTags: ['a'] },
      { excludeTags: ['a'] },
      { responsibleUserIds: [1] },
    ];
    expect(contents.map(change)).toEqual(contents.map(() => false));
  });
});
