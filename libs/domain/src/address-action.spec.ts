import { describe, expect, it } from '@jest/globals';
import {
  type AddressHolder,
  type AddressRecord,
  type ExpectedOutcome,
  OUTCOME_UNKNOWN,
  decideAddress,
  expectOutcome,
} from './address-action.js';
import { hashOfPush } from './contact-content.js';

const holder: AddressHolder = { name: 'Anna', fields: {} };
const told = hashOfPush('Anna', {});
const record = (over: Partial<AddressRecord> = {}): AddressRecord => ({
  email: 'a@b.co',
  origin: 'ours',
  state: 'present',
  pushedHash: told,
  consent: 'mailable',
  ownListId: null,
  ...over,
});
const outcomeUnknown = (state: AddressRecord['state'], origin: AddressRecord['origin']) =>
  record({ state, origin, pushedHash: OUTCOME_UNKNOWN });

describe('decideAddress', () => {
  it.each<[string, AddressRecord, AddressHolder | undefined, 'delete' | 'exclude', string]>([
    ['a new address is put', record({ state: 'absent', pushedHash: null }), holder, 'delete', 'put'],
    ['an unchanged address costs nothing', record(), holder, 'delete', 'none'],
    ['a changed name is told', record(), { name: 'Berta', fields: {} }, 'delete', 'put'],
    ['a changed field is told', record(), { name: 'Anna', fields: { City: 'Omsk' } }, 'delete', 'put'],
    ['an address without a holder that we put there is deleted', record(), undefined, 'delete', 'delete'],
    ['… or taken off the list where the account wants that', record(), undefined, 'exclude', 'exclude'],
    ['an address that stood there before us is only taken off the list', record({ origin: 'preexisting' }), undefined, 'delete', 'exclude'],
    ['an address whose first answer was lost is looked at first', record({ origin: 'uncertain' }), undefined, 'delete', 'inspect'],
    ['an address that was never told is not removed', record({ state: 'absent' }), undefined, 'delete', 'none'],
    ['… but looked at when its sending was never answered', outcomeUnknown('absent', 'unknown'), undefined, 'delete', 'inspect'],
    ['… or taken off the list where it stood before', outcomeUnknown('absent', 'preexisting'), undefined, 'delete', 'exclude'],
    ['an address is put again when a call for it was never answered', outcomeUnknown('present', 'ours'), holder, 'delete', 'put'],
    ['… and deleted again when nobody holds it', outcomeUnknown('present', 'ours'), undefined, 'delete', 'delete'],
    ['an unsubscribed address is not sent (R45)', record({ state: 'absent', consent: 'unsubscribed' }), holder, 'delete', 'none'],
    ['an unsubscribed address is left when its contact goes (R45)', record({ consent: 'unsubscribed' }), undefined, 'delete', 'none'],
    ['a blocked address is not sent', record({ pushedHash: 'old', consent: 'blocked' }), holder, 'delete', 'none'],
    ['a rejected address is not sent again', record({ state: 'rejected', pushedHash: null }), holder, 'delete', 'none'],
  ])('%s', (_name, address, by, policy, kind) => {
    expect(decideAddress(address, by, policy).kind).toBe(kind);
  });
});

describe('expectOutcome', () => {
  const valid = { email: 'a@b.co', invalidReason: null };
  const invalid = { email: 'a@b', invalidReason: 'domain_without_dot' } as const;

  it.each<[string, boolean, string, AddressRecord | undefined, ExpectedOutcome]>([
    ['an address never met', true, 'Anna', undefined, 'created'],
    ['one that was told the same', true, 'Anna', record(), 'unchanged'],
    ['one with another name', true, 'Berta', record(), 'updated'],
    ['one that unsubscribed', true, 'Berta', record({ consent: 'unsubscribed' }), 'unchanged'],
    ['one whose contact does not pass the filter', false, 'Anna', undefined, 'unchanged'],
  ])('%s', (_name, passesFilter, name, known, outcome) => {
    expect(expectOutcome(valid, { name, fields: {}, passesFilter }, known)).toBe(outcome);
  });

  it('rejects an invalid address, whatever its contact', () => {
    expect(expectOutcome(invalid, { ...holder, passesFilter: false }, undefined)).toBe('rejected');
  });
});
