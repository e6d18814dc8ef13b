import { describe, expect, it } from '@jest/globals';
import { type ListFacts, decideListVerdict, explainVerdict } from './list-verdict.js';

const holder = { isDeleted: false, passesFilter: true, invalidReason: null };
const address = {
  state: 'present',
  consent: 'mailable',
  isManual: false,
  parkCode: null,
  removal: null,
  isDirty: false,
  isUnverified: false,
} as const;

const facts = ({ address: changes, ...rest }: Partial<Omit<ListFacts, 'address'>> & { address?: object | null } = {}): ListFacts => ({
  hindrance: null,
  hasList: true,
  holders: [holder],
  address: changes === null ? undefined : { ...address, ...changes },
  ...rest,
});

describe('decideListVerdict', () => {
  it.each([
    ['in sync', facts(), true, 'in_sync', 'on_list'],
    ['never pushed', facts({ address: null }), false, 'waiting', 'waiting_for_push'],
    ['changed in Kommo', facts({ address: { isDirty: true } }), true, 'waiting', 'waiting_for_push'],
    ['without a list', facts({ address: null, hasList: false }), false, 'waiting', 'no_list'],
    ['of a paused account', facts({ address: null, hindrance: 'kommo_blocked' }), false, 'waiting', 'kommo_blocked'],
    ['refused by Unisender', facts({ address: { parkCode: 'e_address__e_syntax' } }), true, 'failing', 'e_address__e_syntax'],
    ['unsubscribed', facts({ address: { consent: 'unsubscribed' } }), false, 'excluded', 'unsubscribed'],
    ['unsubscribed, although dirty', facts({ address: { consent: 'blocked', isDirty: true } }), false, 'excluded', 'blocked'],
    ['planned for removal', facts({ address: { removal: 'planned' } }), true, 'waiting', 'waiting_for_confirmation'],
    ['held', facts({ address: { removal: 'held' } }), true, 'waiting', 'waiting_for_confirmation'],
    ['approved for removal', facts({ address: { removal: 'approved' } }), true, 'waiting', 'waiting_for_removal'],
    ['unverified', facts({ address: { isUnverified: true } }), true, 'waiting', 'waiting_for_check'],
    ['without a contact', facts({ address: { state: 'absent' }, holders: [] }), false, 'excluded', 'no_contact'],
    ['without a contact, still on the list', facts({ address: { isDirty: true }, holders: [] }), true, 'waiting', 'waiting_for_removal'],
    ['added by hand', facts({ address: { isManual: true }, holders: [] }), true, 'in_sync', 'added_by_operator'],
    ['of a deleted contact', facts({ address: null, holders: [{ ...holder, isDeleted: true }] }), false, 'excluded', 'contact_deleted'],
    ['filtered', facts({ address: null, holders: [{ ...holder, passesFilter: false }] }), false, 'excluded', 'filter'],
    ['invalid', facts({ address: null, holders: [{ ...holder, invalidReason: 'no_at' }] }), false, 'failing', 'no_at'],
    [
      'of a kind that is not selected',
      facts({ address: null, holders: [{ ...holder, invalidReason: 'kind_not_selected' }] }),
      false,
      'excluded',
      'kind_not_selected',
    ],
    [
      'wanted by one of two contacts',
      facts({ holders: [{ ...holder, isDeleted: true }, { ...holder, passesFilter: false }, holder] }),
      true,
      'in_sync',
      'on_list',
    ],
  ] as const)('says why an address is on the list or not: %s', (_name, given, isOnList, state, code) => {
    const verdict = decideListVerdict(given);
    expect(verdict).toEqual({ isOnList, state, code });
    expect(explainVerdict(verdict)).toMatch(/^[A-Z].*\.$/);
  });

  it('explains codes that it does not know', () => {
    expect(explainVerdict({ isOnList: false, state: 'failing', code: 'e_x' })).toBe('The address is refused: e_x.');
    expect(explainVerdict({ isOnList: false, state: 'waiting', code: 'reauthorization_required' })).toContain('state of the account');
    expect(explainVerdict({ isOnList: false, state: 'waiting', code: 'constructor' })).toBe('It waits: constructor.');
  });
});
