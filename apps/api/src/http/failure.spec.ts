import { NotFoundException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { AccountBlockedError, BugError, type ErrorCode, InvalidInputError, TransientError } from '#domain';
import { RunActiveError } from '#sync';
import { RateLimitedError, toFailure, toFailureEnvelope } from './failure.js';

const invalid = (code?: ErrorCode<'invalid'>) =>
  new InvalidInputError('id is wrong', { ...(code ? { code } : {}), fields: [{ field: 'id', problem: 'is wrong' }] });

describe('the response to an error', () => {
  it.each([
    ['invalid input', invalid(), 400],
    ['a refused key', new AccountBlockedError('refused', { code: 'unisender_key_refused' }), 422],
    ['a wrong signature', invalid('wrong_auth'), 401],
    ['a missing integration', invalid('integration_missing'), 423],
    ['a blocked account', new AccountBlockedError('authorise', { code: 'reauthorization_required' }), 401],
    ['an active run', new RunActiveError('active', 'r1'), 409],
    ['too many requests', new RateLimitedError(7), 429],
    ['a transient error', new TransientError('no', { code: 'kommo_unavailable' }), 503],
    ['a bug', new BugError('inside', { code: 'unexpected' }), 500],
    ['an unknown error', new Error('inside'), 500],
    ['a thrown text', 'inside', 500],
    ['an unknown URL', new NotFoundException(), 404],
    ['a body that is too large', Object.assign(new Error('too large'), { statusCode: 413 }), 413],
    ['an error with a status that is not 4xx', Object.assign(new Error('inside'), { statusCode: 200 }), 500],
  ])('to %s has the right status', (_name, error, status) => {
    const failure = toFailure(error);
    expect(failure.status).toBe(status);
    expect(toFailureEnvelope(failure, 'c1')).toMatchObject({ status: 'error', code: status });
  });

  it('names the bad fields', () => {
    expect(toFailureEnvelope(toFailure(invalid()), 'c1').data).toEqual({
      error: 'invalid_input',
      fields: [{ field: 'id', problem: 'is wrong' }],
    });
  });

  it('to a bug contains the correlation id and no internal text', () => {
    const envelope = toFailureEnvelope(toFailure(new BugError('SELECT secret', { code: 'unexpected' })), 'c1');
    expect(envelope.data).toEqual({ error: 'internal_error', correlation_id: 'c1' });
    expect(JSON.stringify(envelope)).not.toContain('SELECT');
  });

  it('names the active run, or the seconds until the next attempt', () => {
    expect(toFailureEnvelope(toFailure(new RunActiveError('active', 'r1')), 'c1').data).toMatchObject({ run_id: 'r1' });
    expect(toFailure(new RateLimitedError(7)).retryAfterSeconds).toBe(7);
    expect(toFailure(new TransientError('no', { code: 'kommo_rate_limited', retryAfterMs: 1_500 })).retryAfterSeconds).toBe(2);
  });
});
