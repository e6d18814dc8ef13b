import { describe, expect, it } from '@jest/globals';
import { accountStatuses, accountStatusesBefore } from './account-status.js';

describe('account status', () => {
  it('lets an authorisation make any account active', () => {
    expect(accountStatusesBefore('active')).toEqual(accountStatuses.filter((status) => status !== 'active'));
  });

  it('asks for a new authorisation only of accounts that had one', () => {
    expect(accountStatusesBefore('reauthorization_required')).toEqual(['active', 'suspended']);
  });

  it('leaves a disconnected account to an authorisation alone', () => {
    const reachable = accountStatuses.filter((target) => accountStatusesBefore(target).includes('disconnected'));
    expect(reachable).toEqual(['active']);
  });

  it('never goes back to waiting for the first authorisation', () => {
    expect(accountStatusesBefore('pending_authorization')).toEqual([]);
  });
});
