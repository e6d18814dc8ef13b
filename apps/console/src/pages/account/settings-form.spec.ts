import { describe, expect, it } from '@jest/globals';
import type { AccountSettingsResponse } from '../../api/types.js';
import { toChange, toForm } from './settings-form.js';

const settings: AccountSettingsResponse = {
  list_title: null,
  list_id: 7,
  delete_policy: 'delete',
  address_kinds: ['WORK', 'PRIV'],
  fields: { POSITION: 'position' },
  include_tags: ['a', 'b'],
  exclude_tags: [],
  responsible_user_ids: [11],
  write_back: true,
  write_back_tag: 'no mail',
  removal_limit_percent: null,
};

describe('toChange', () => {
  it('is empty for an unchanged form', () => {
    expect(toChange(toForm(settings), settings)).toEqual({});
  });

  it('contains only what differs', () => {
    const form = { ...toForm(settings), includeTags: ' a , c,', removalLimitPercent: '5' };
    expect(toChange(form, settings)).toEqual({ include_tags: ['a', 'c'], removal_limit_percent: '5' });
  });

  it('resets the id of the list when a title is chosen', () => {
    const form = { ...toForm(settings), listChoice: 'title' as const, listTitle: 'News' };
    expect(toChange(form, settings)).toEqual({ list_id: null, list_title: 'News' });
  });

  it('leaves out a mapping without a Kommo field', () => {
    const form = { ...toForm(settings), fields: [{ kommo: '', unisender: 'x' }] };
    expect(toChange(form, settings)).toEqual({ fields: {} });
  });
});
