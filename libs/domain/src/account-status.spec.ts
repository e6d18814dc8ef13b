import { describe, expect, it } from '@jest/globals';
import { accountStatuses, accountStatusesBefore } from './account-status.js';

describe('account status', () => {
  it('changes from any status to active by an authorisation', () => {
    expect(accountStatusesBefore('active')).toEqual(accountStatuses.filter((status) => status !== 'active'));
  });

  it('requires a new authorisation only of accounts that had one', () => {
    expect(accountStatusesBefore('reauthorization_required')).toEqual(['active', 'suspended']);
  });

  it('changes from disconnected only by an authorisation', () => {
    const reachable = accountStatuses.filter((target) => accountStatusesBefore(target).includes('disconnected'));
    expect(reachable).toEqual(['active']);
  });

  it('never returns to pending_authorization', () => {
    expect(accountStatusesBefore('pending_authorization')).toEqual([]);
  });
});
