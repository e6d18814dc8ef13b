import { describe, expect, it } from '@jest/globals';
import {
  type AccountFacts,
  type AccountHindrance,
  type AccountUse,
  accountUses,
  findAccountHindrance,
  requireUsableAccount,
} from './account-access.js';

const NOW = 1_000_000;
const active: AccountFacts = {
  accountId: 7,
  status: 'active',
  pausedUntil: 0,
  pauseCode: null,
  unisenderKey: 'sealed',
  unisenderBlock: null,
};
const accounts = {
  unknown: undefined,
  active,
  pending: { ...active, status: 'pending_authorization' },
  unapproved: { ...active, status: 'pending_authorization', awaitsApproval: true },
  reauthorise: { ...active, status: 'reauthorization_required' },
  suspended: { ...active, status: 'suspended' },
  disconnected: { ...active, status: 'disconnected' },
  paused: { ...active, pausedUntil: NOW + 1, pauseCode: 'kommo_forbidden' },
  resumed: { ...active, pausedUntil: NOW, pauseCode: 'kommo_forbidden' },
  keyless: { ...active, unisenderKey: null },
  refused: { ...active, unisenderBlock: 'unisender_key_refused' },
} as const satisfies Record<string, AccountFacts | undefined>;

type AccountName = keyof typeof accounts;
type Row = Readonly<Record<AccountUse, AccountHindrance | undefined>>;

const everyUse = (code: AccountHindrance | undefined, except: Partial<Row> = {}): Row => ({
  show: code,
  receive_events: code,
  renew_tokens: code,
  call_kommo: code,
  call_unisender: code,
  sync: code,
  work: code,
  ...except,
});
const none = everyUse(undefined);

const table: Readonly<Record<AccountName, Row>> = {
  unknown: everyUse('account_unknown'),
  active: none,
  pending: everyUse('pending_authorization', { receive_events: undefined, call_unisender: undefined }),
  unapproved: everyUse('approval_required', { receive_events: undefined, call_unisender: undefined }),
  reauthorise: everyUse('reauthorization_required', { show: undefined, receive_events: undefined, call_unisender: undefined }),
  suspended: everyUse('suspended', { show: undefined, receive_events: undefined, renew_tokens: undefined, call_unisender: undefined }),
  disconnected: everyUse('disconnected', { call_unisender: undefined }),
  paused: { ...none, work: 'account_paused' },
  resumed: none,
  keyless: { ...none, call_unisender: 'unisender_key_missing', sync: 'unisender_key_missing' },
  refused: { ...none, call_unisender: 'unisender_key_refused', sync: 'unisender_key_refused' },
};
const cells = (Object.keys(table) as AccountName[]).flatMap((name) => accountUses.map((use) => [name, use, table[name][use]] as const));

function errorOf(request: () => unknown): unknown {
  try {
    return request();
  } catch (error) {
    return error;
  }
}

describe('the use of an account', () => {
  it.each(cells)('has the right hindrance (account: %s, use: %s, hindrance: %s)', (name, use, hindrance) => {
    expect(findAccountHindrance(accounts[name], use, NOW)).toBe(hindrance);
  });

  it.each(cells)('throws the error of its hindrance (account: %s, use: %s, hindrance: %s)', (name, use, hindrance) => {
    const outcome = errorOf(() => requireUsableAccount(accounts[name], { accountId: 7, use, nowMs: NOW }));
    if (hindrance === undefined) expect(outcome).toBe(accounts[name]);
    else expect(outcome).toMatchObject({ code: hindrance, message: expect.stringContaining('7') });
  });

  it('names the status before the pause and the key', () => {
    const worst = { ...accounts.disconnected, pausedUntil: NOW + 1, unisenderKey: null };
    expect([findAccountHindrance(worst, 'work', NOW), findAccountHindrance(worst, 'sync', NOW)]).toEqual(['disconnected', 'disconnected']);
  });

  it('says until when and why the account is paused', () => {
    const error = errorOf(() => requireUsableAccount(accounts.paused, { accountId: 7, use: 'work', nowMs: NOW }));
    expect(error).toMatchObject({
      message: 'Account 7 is paused until 1970-01-01T00:16:40.001Z: kommo_forbidden',
      retryAfterMs: 1,
    });
  });

  it('says where to authorise the account', () => {
    const request = () => requireUsableAccount(accounts.pending, { accountId: 7, use: 'show', nowMs: NOW, publicUrl: 'https://sync.test' });
    expect(request).toThrow('Account 7 is not authorised: open https://sync.test/auth?id=7 in a browser and allow the access');
  });
});
