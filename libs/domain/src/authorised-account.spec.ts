import { describe, expect, it } from '@jest/globals';
import { AuthorisedAccount, type Caller } from './authorised-account.js';

const widget: Caller = { kind: 'widget', accountId: 1, userId: 7, isAdmin: true };

describe('S01: an authorised account', () => {
  it.each<[Caller, number]>([
    [{ kind: 'operator' }, 1],
    [{ kind: 'operator' }, 2],
    [widget, 1],
    [{ kind: 'webhook', accountId: 1 }, 1],
  ])('is granted to %j for account %i', (caller, accountId) => {
    expect(AuthorisedAccount.grant(caller, accountId).accountId).toBe(accountId);
  });

  it.each<[Caller, string]>([
    [widget, 'other_account'],
    [{ kind: 'webhook', accountId: 1 }, 'other_account'],
    [{ kind: 'anonymous' }, 'audience_undeclared'],
  ])('is not granted to %j for another account', (caller, code) => {
    expect(() => AuthorisedAccount.grant(caller, 2)).toThrow(expect.objectContaining({ code }));
  });
});
