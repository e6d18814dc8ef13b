import { describe, expect, it } from '@jest/globals';
import { resolveAccount } from './request-account.js';

const NONE = { query: {}, params: {} };

describe('S01: resolveAccount', () => {
  it.each([
    [{ ...NONE, query: { id: '5' } }, 5],
    [{ ...NONE, query: { account_id: '5' } }, 5],
    [{ ...NONE, params: { account_id: '5' } }, 5],
    [{ ...NONE, body: { id: 5 } }, 5],
    [{ query: { id: '5' }, params: { account_id: '5' }, body: { id: 5, account_id: '5' } }, 5],
  ])('finds the account that all names of %j agree on', (input, accountId) => {
    expect(resolveAccount(input)).toEqual({ kind: 'named', accountId });
  });

  it.each([[NONE], [{ ...NONE, body: { ids: [5] } }], [{ query: null, params: undefined, body: 'id=5' }]])(
    'finds no account in %j',
    (input) => {
      expect(resolveAccount(input)).toEqual({ kind: 'absent' });
    },
  );

  it.each<[Parameters<typeof resolveAccount>[0], string[]]>([
    [{ ...NONE, query: { id: 'x', account_id: '5' } }, ['id']],
    [{ ...NONE, query: { account_id: ['5', '5'] } }, ['account_id']],
    [{ ...NONE, query: { id: '' }, body: { account_id: null } }, ['id', 'account_id']],
    [{ ...NONE, query: { id: '5' }, body: { account_id: 6 } }, ['id', 'account_id']],
    [{ ...NONE, query: { id: '5' }, body: { id: 6 } }, ['id']],
    [{ query: {}, params: { account_id: '5' }, body: { id: 6 } }, ['account_id', 'id']],
  ])('refuses %j and names the fields', (input, fields) => {
    const account = resolveAccount(input);
    expect(account.kind === 'refused' && account.fields.map(({ field }) => field)).toEqual(fields);
  });
});
