import { describe, expect, it } from '@jest/globals';
import { type AttentionFacts, listAttention } from './account-attention.js';

const healthy: AttentionFacts = {
  status: 'active',
  awaitsApproval: false,
  unisenderBlock: null,
  webhookState: 'active',
  authorizationRefusedAt: null,
  pauseCode: null,
};

describe('what a human must do on an account', () => {
  it.each<[string, Partial<AttentionFacts>, string[]]>([
    ['nothing while all works', {}, []],
    ['approve it', { status: 'pending_authorization', awaitsApproval: true }, ['approval_required']],
    ['authorise it again', { status: 'reauthorization_required' }, ['reauthorization_required']],
    ['pay Kommo', { status: 'suspended' }, ['suspended']],
    ['let an administrator authorise it', { authorizationRefusedAt: 5 }, ['administrator_required']],
    [
      'enter another key, and enable the webhook',
      { unisenderBlock: 'x', webhookState: 'disabled' },
      ['unisender_key_refused', 'webhook_disabled'],
    ],
    ['pay Unisender', { pauseCode: 'unisender_not_enough_money' }, ['unisender_not_enough_money']],
    ['allow a method', { pauseCode: 'unisender_access_denied' }, ['unisender_access_denied']],
    ['nothing during a pause that ends by itself', { pauseCode: 'kommo_rate_limited' }, []],
    ['look at the webhook', { webhookState: 'missing' }, ['webhook_missing']],
    ['nothing on a disconnected account', { status: 'disconnected', unisenderBlock: 'x', authorizationRefusedAt: 5 }, []],
  ])('%s', (_name, facts, codes) => {
    expect(listAttention({ ...healthy, ...facts })).toEqual(codes);
  });
});
