import { describe, expect, it } from '@jest/globals';
import {
  type ActionRecord,
  type AddressHolder,
  type AddressOrigin,
  type AddressRecord,
  type ExpectedOutcome,
  OUTCOME_UNKNOWN,
  type Removal,
  type SharedUse,
  type ShownPlace,
  decideAddress,
  decideRemoval,
  expectOutcome,
} from './address-action.js';
import { hashOfPush } from './contact-content.js';

const NOW = 1_000;
const holder: AddressHolder = { name: 'Anna', fields: {} };
const pushed = hashOfPush('Anna', {});
const record = (over: Partial<ActionRecord> = {}): ActionRecord => ({
  email: 'a@b.co',
  origin: 'ours',
  state: 'present',
  pushedHash: pushed,
  consent: 'mailable',
  ownListId: null,
  isManual: false,
  verifyAt: null,
  parkStep: null,
  retryAt: null,
  ...over,
});
const absent = { state: 'absent', pushedHash: null } as const;

describe('decideAddress', () => {
  it.each<[string, ActionRecord, AddressHolder | undefined, string]>([
    ['a new address is put', record(absent), holder, 'put'],
    ['an unchanged address needs no call', record(), holder, 'none'],
    ['a changed name is pushed', record(), { name: 'Berta', fields: {} }, 'put'],
    ['a changed field is pushed', record(), { name: 'Anna', fields: { City: 'Omsk' } }, 'put'],
    ['an address without a holder is removed', record(), undefined, 'remove'],
    ['an address that the operator added stays', record({ isManual: true }), undefined, 'none'],
    ['an address that was never pushed is not removed', record(absent), undefined, 'none'],
    ['an address whose only push had no response is removed', record({ ...absent, pushedHash: OUTCOME_UNKNOWN }), undefined, 'remove'],
    ['an address whose push may still land is removed', record({ ...absent, verifyAt: NOW + 1 }), undefined, 'remove'],
    ['an address whose last push had no response is put again', record({ pushedHash: OUTCOME_UNKNOWN }), holder, 'put'],
    ['an unsubscribed address is not pushed (R45)', record({ ...absent, consent: 'unsubscribed' }), holder, 'none'],
    ['an unsubscribed address stays when its contact is deleted (R45)', record({ consent: 'unsubscribed' }), undefined, 'none'],
    ['a blocked address is not pushed', record({ pushedHash: 'old', consent: 'blocked' }), holder, 'none'],
    ['R70: a parked address waits', record({ state: 'absent', parkStep: 'put', retryAt: NOW + 1 }), holder, 'none'],
    ['R70: a parked address without a retry waits', record({ state: 'absent', parkStep: 'put' }), holder, 'none'],
    ['R70: a parked address is tried when its time comes', record({ parkStep: 'put', retryAt: NOW }), holder, 'put'],
    ['R70: a parked address is tried with other values', record({ parkStep: 'put' }), { name: 'Berta', fields: {} }, 'put'],
    ['R70: a parked removal waits', record({ parkStep: 'exclude', retryAt: NOW + 1 }), undefined, 'none'],
    ['R70: an address whose put is parked can be removed', record({ parkStep: 'put', retryAt: NOW + 1 }), undefined, 'remove'],
  ])('%s', (_name, address, by, kind) => {
    expect(decideAddress(address, by, NOW).kind).toBe(kind);
  });
});

describe('decideRemoval', () => {
  const onOurs: ShownPlace = { isInUnisender: true, isOnOurList: true, isOnOtherLists: false };
  const onBoth = { ...onOurs, isOnOtherLists: true };
  const offOurs = { ...onOurs, isOnOurList: false };

  it.each<[string, AddressOrigin, ShownPlace, SharedUse, Removal]>([
    ['ours on no other list', 'ours', onOurs, 'none', 'delete'],
    ['ours on no list', 'ours', offOurs, 'none', 'delete'],
    ['R61: ours that is also on another list', 'ours', onBoth, 'none', 'exclude'],
    ['R61: ours that another account of ours holds', 'ours', onOurs, 'other_list', 'exclude'],
    ['R61: ours that another account of ours holds on the same list', 'ours', onOurs, 'same_list', 'nothing'],
    ['R60: a preexisting address', 'preexisting', onOurs, 'none', 'exclude'],
    ['R60: an uncertain address', 'uncertain', onOurs, 'none', 'exclude'],
    ['R60: an address of unknown origin', 'unknown', onOurs, 'none', 'exclude'],
    ['a preexisting address that is off our list', 'preexisting', offOurs, 'none', 'nothing'],
    ['an address that Unisender does not have', 'ours', { ...offOurs, isInUnisender: false }, 'none', 'nothing'],
  ])('%s', (_name, origin, place, shared, removal) => {
    expect(decideRemoval({ origin }, place, shared, 'delete')).toBe(removal);
  });

  it('only excludes under the policy exclude', () => {
    expect(decideRemoval({ origin: 'ours' }, onOurs, 'none', 'exclude')).toBe('exclude');
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
