import { describe, expect, it } from '@jest/globals';
import { defaultAccountSettings } from './account-settings.js';
import { type NewSetup, type SetupChange, type StoredSetup, compareSetups } from './setup-change.js';

const stored: StoredSetup = { settings: defaultAccountSettings, listId: 7, webhookState: 'active' };
const same: NewSetup = {
  settings: defaultAccountSettings,
  isKeyNew: false,
  lists: [{ id: 7, title: 'Kommo' }],
  ownLists: [
    { id: 6, title: 'Clients' },
    { id: 7, title: 'Kommo' },
  ],
  isSampleOnList: false,
};
const nothing: SetupChange = { isKeyNew: false, isChanged: false, isOtherUnisenderAccount: false, isRunOutdated: false };
const newKey: SetupChange = { ...nothing, isKeyNew: true, isChanged: true, isRunOutdated: true };

const table: [string, StoredSetup, NewSetup, SetupChange][] = [
  ['the same key and settings', stored, same, nothing],
  ['the same key while the list is missing', stored, { ...same, lists: [] }, nothing],
  ['the same key without an active webhook', { ...stored, webhookState: 'missing' }, same, { ...nothing, isRunOutdated: true }],
  ['the same key before the first webhook', { ...stored, webhookState: null }, same, { ...nothing, isRunOutdated: true }],
  [
    'other settings',
    stored,
    { ...same, settings: { ...defaultAccountSettings, writeBack: false } },
    { ...nothing, isChanged: true, isRunOutdated: true },
  ],
  ['another key of the same Unisender account', stored, { ...same, isKeyNew: true }, newKey],
  ['a key of another Unisender account', stored, { ...same, isKeyNew: true, lists: [] }, { ...newKey, isOtherUnisenderAccount: true }],
  [
    'a key of another Unisender account with a list of the same id',
    stored,
    { ...same, isKeyNew: true, lists: [{ id: 7, title: 'News' }] },
    { ...newKey, isOtherUnisenderAccount: true },
  ],
  [
    'R63: another key after the list was renamed, with an address of ours on the list',
    stored,
    { ...same, isKeyNew: true, lists: [{ id: 7, title: 'Renamed' }], isSampleOnList: true },
    newKey,
  ],
  [
    'R63: another key after the list was deleted, with a former list of ours',
    stored,
    { ...same, isKeyNew: true, lists: [{ id: 6, title: 'Clients' }] },
    newKey,
  ],
  ['the first key', { ...stored, listId: null, webhookState: null }, { ...same, isKeyNew: true, lists: [], ownLists: [] }, newKey],
];

describe('compareSetups', () => {
  it.each(table)('returns the changes for %s', (_, before, after, change) => {
    expect(compareSetups(before, after)).toEqual(change);
  });
});
