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
const pushed = hashOfPush('Anna', {});
const record = (over: Partial<AddressRecord> = {}): AddressRecord => ({
  email: 'a@b.co',
  origin: 'ours',
  state: 'present',
  pushedHash: pushed,
  consent: 'mailable',
  ownListId: null,
  ...over,
});
const outcomeUnknown = (state: AddressRecord['state'], origin: AddressRecord['origin']) =>
  record({ state, origin, pushedHash: OUTCOME_UNKNOWN });

describe('decideAddress', () => {
  it.each<[string, AddressRecord, AddressHolder | undefined, 'delete' | 'exclude', string]>([
    ['a new address is put', record({ state: 'absent', pushedHash: null }), holder, 'delete', 'put'],
    ['an unchanged address needs no call', record(), holder, 'delete', 'none'],
    ['a changed name is pushed', record(), { name: 'Berta', fields: {} }, 'delete', 'put'],
    ['a changed field is pushed', record(), { name: 'Anna', fields: { City: 'Omsk' } }, 'delete', 'put'],
    ['an address of ours without a holder is deleted', record(), undefined, 'delete', 'delete'],
    ['an address of ours without a holder is taken off the list under the policy exclude', record(), undefined, 'exclude', 'exclude'],
    ['a preexisting address is only taken off the list', record({ origin: 'preexisting' }), undefined, 'delete', 'exclude'],
    ['an address whose first response was lost is inspected first', record({ origin: 'uncertain' }), undefined, 'delete', 'inspect'],
    ['an address that was never pushed is not removed', record({ state: 'absent' }), undefined, 'delete', 'none'],
    ['an address whose only push had no response is inspected', outcomeUnknown('absent', 'unknown'), undefined, 'delete', 'inspect'],
    [
      'a preexisting address whose push had no response is taken off the list',
      outcomeUnknown('absent', 'preexisting'),
      undefined,
      'delete',
      'exclude',
    ],
    ['an address whose last push had no response is put again', outcomeUnknown('present', 'ours'), holder, 'delete', 'put'],
    [
      'an address without a holder whose last push had no response is deleted',
      outcomeUnknown('present', 'ours'),
      undefined,
      'delete',
      'delete',
    ],
    ['an unsubscribed address is not pushed (R45)', record({ state: 'absent', consent: 'unsubscribed' }), holder, 'delete', 'none'],
    ['an unsubscribed address stays when its contact is deleted (R45)', record({ consent: 'unsubscribed' }), undefined, 'delete', 'none'],
    ['a blocked address is not pushed', record({ pushedHash: 'old', consent: 'blocked' }), holder, 'delete', 'none'],
    ['a rejected address is not pushed again', record({ state: 'rejected', pushedHash: null }), holder, 'delete', 'none'],
  ])('%s', (_name, address, by, policy, kind) => {
    expect(decideAddress(address, by, policy).kind).toBe(kind);
  });
});

describe('expectOutcome', () => {
  const valid = { email: 'a@b.co', invalidReason: null };
  const invalid = { email: 'a@b', invalidReason: 'domain_without_dot' } as const;

  it.each<[string, boolean, string, AddressRecord | undefined, ExpectedOutcome]>([
    ['an address that was never pushed', true, 'Anna', undefined, 'created'],
    ['an address that was pushed with the same name', true, 'Anna', record(), 'unchanged'],
    ['an address with another name', true, 'Berta', record(), 'updated'],
    ['an unsubscribed address', true, 'Berta', record({ consent: 'unsubscribed' }), 'unchanged'],
    ['an address whose contact does not pass the filter', false, 'Anna', undefined, 'unchanged'],
  ])('%s', (_name, passesFilter, name, known, outcome) => {
    expect(expectOutcome(valid, { name, fields: {}, passesFilter }, known)).toBe(outcome);
  });

  it('rejects an invalid address of any contact', () => {
    expect(expectOutcome(invalid, { ...holder, passesFilter: false }, undefined)).toBe('rejected');
  });
});
