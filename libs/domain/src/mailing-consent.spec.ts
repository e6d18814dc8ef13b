import { describe, expect, it } from '@jest/globals';
import { type MailingConsent, concernsList, consentOfEvent, consentOfExport } from './mailing-consent.js';

describe('consentOfEvent', () => {
  it.each<[string, string | undefined, MailingConsent | undefined]>([
    ['unsubscribe', undefined, 'unsubscribed'],
    ['unsubscribe', 'active', 'unsubscribed'],
    ['subscribe', undefined, 'mailable'],
    ['email_status', 'unsubscribed', 'unsubscribed'],
    ['email_status', 'blocked', 'blocked'],
    ['email_status', 'active', 'mailable'],
    ['email_status', 'new', 'mailable'],
    ['email_status', 'inactive', undefined],
    ['email_status', 'invited', undefined],
    ['email_status', undefined, undefined],
    ['campaign_status', 'unsubscribed', undefined],
  ])('reads %s with status %s as %s', (name, status, expected) => {
    expect(consentOfEvent({ name, status })).toBe(expected);
  });
});

describe('concernsList', () => {
  it.each<[string, number[], number | null, boolean]>([
    ['an event without lists', [], 1, true],
    ['an event of our list among others', [2, 1], 1, true],
    ['an event of other lists', [2, 3], 1, false],
    ['any event without a list of ours', [2], null, true],
  ])('%s', (_name, named, listId, expected) => {
    expect(concernsList(named, listId)).toBe(expected);
  });
});

describe('consentOfExport', () => {
  it.each<[string | undefined, number[], MailingConsent | undefined]>([
    ['active', [], 'mailable'],
    ['active', [2], undefined],
    ['active', [2, 1], 'unsubscribed'],
    ['unsubscribed', [], 'unsubscribed'],
    ['blocked', [1], 'blocked'],
    ['invited', [], 'mailable'],
    [undefined, [], 'mailable'],
  ])('reads status %s and left lists %j as %s', (status, unsubscribedListIds, expected) => {
    expect(consentOfExport({ status, unsubscribedListIds }, 1)).toBe(expected);
  });
});
