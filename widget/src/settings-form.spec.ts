import { describe, expect, it } from '@jest/globals';
import type { Options } from './service';
import { changedSettings, newFieldName, toFormValues, toFormView } from './settings-form';

const stored = toFormValues({ list_title: 'Mine', fields: { POSITION: 'job' }, include_tags: ['a', 'b'], responsible_user_ids: [7] });

const options: Options = {
  lists: [{ id: 5, title: 'News' }],
  unisender_fields: [{ name: 'job' }],
  kommo_fields: [
    { key: 'POSITION', name: 'Position' },
    { key: '1045', name: 'Birthday' },
  ],
  tags: ['a'],
  users: [{ id: 7, name: 'Ann' }],
};

describe('changedSettings', () => {
  it('is empty for equal settings, in any order', () => {
    expect(changedSettings(stored, { ...stored, include_tags: ['b', 'a'] })).toEqual({});
  });

  it('has what changed and nothing else', () => {
    expect(changedSettings(stored, { ...stored, write_back: false, fields: {} })).toEqual({ write_back: false, fields: {} });
  });

  it('has either the title or the id of a list', () => {
    expect(changedSettings(stored, { ...stored, list_title: null, list_id: 5 })).toEqual({ list_id: 5 });
    const byId = { ...stored, list_title: null, list_id: 5 };
    expect(changedSettings(byId, { ...byId, list_title: 'New', list_id: null })).toEqual({ list_title: 'New' });
    expect(changedSettings(byId, { ...byId, list_id: null })).toEqual({ list_id: null });
  });
});

describe('newFieldName', () => {
  it.each([
    ['POSITION', 'kommo_position'],
    ['1045', 'kommo_1045'],
    ['Должность X', 'kommo__x'],
  ])('of %s is %s', (key, name) => {
    expect(newFieldName(key)).toBe(name);
  });
});

describe('toFormView', () => {
  it('keeps stored values that are no choice any more', () => {
    const view = toFormView({ ...stored, fields: { OLD: 'old_field' } }, options);
    expect(view.includeTags.map(({ value, selected }) => [value, selected])).toEqual([
      ['a', true],
      ['b', true],
    ]);
    expect(view.fields.find(({ key }) => key === 'OLD')?.targets).toContainEqual({
      value: 'old_field',
      label: 'old_field',
      selected: true,
    });
  });

  it('offers a new field for each Kommo field that has none', () => {
    const [position, birthday] = toFormView(stored, options).fields;
    expect(position).toMatchObject({ key: 'POSITION', targets: [{ value: 'job', selected: true }], created: { value: 'kommo_position' } });
    expect(birthday).toMatchObject({ key: '1045', created: { value: 'kommo_1045' } });
  });
});
