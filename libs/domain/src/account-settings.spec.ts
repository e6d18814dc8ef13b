import { describe, expect, it } from '@jest/globals';
import { defaultAccountSettings, parseAccountSettings, readStoredSettings, toStoredSettings } from './account-settings.js';
import { InvalidInputError } from './errors.js';

const problemsOf = (input: unknown): string[] => {
  try {
    parseAccountSettings(input);
    return [];
  } catch (error) {
    return error instanceof InvalidInputError ? error.fields.map(({ field }) => field) : ['not an input error'];
  }
};

describe('account settings', () => {
  it('change only where the input names them', () => {
    const first = parseAccountSettings({ delete_policy: 'exclude', include_tags: 'vip, partner' });
    const second = parseAccountSettings({ list_title: ' Newsletter ', fields: { PHONE: 'KommoPhone' } }, first);
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
});
