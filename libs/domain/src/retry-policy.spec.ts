import { describe, expect, it } from '@jest/globals';
import { AccountBlockedError, BugError, InvalidInputError, TransientError } from './errors.js';
import { backOffSeconds, decideDisposition } from './retry-policy.js';

const transient = (retryAfterMs?: number) => new TransientError('later', { code: 'kommo_unavailable', retryAfterMs });

describe('backOffSeconds', () => {
  it('doubles from one second to a minute, and after ten minutes to ten', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => backOffSeconds({ number, ageSeconds: 0 }, 0.5));
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(backOffSeconds({ number: 20, ageSeconds: 601 }, 0.5)).toBe(600);
  });

  it('spreads by a fifth either way and never below a second', () => {
    expect([0, 1].map((random) => backOffSeconds({ number: 6, ageSeconds: 0 }, random))).toEqual([26, 38]);
    expect(backOffSeconds({ number: 1, ageSeconds: 0 }, 0)).toBe(1);
  });
});

describe('decideDisposition', () => {
  const decide = (error: unknown, number = 1, ageSeconds = 0) => decideDisposition({ error, number, ageSeconds }, 0.5);

  it('R31: releases what time may heal with growing delay, for a day, then buries it with its reason', () => {
    expect(decide(transient(), 3)).toEqual({ action: 'release', delaySeconds: 4 });
    expect(decide(transient(300_000), 3)).toEqual({ action: 'release', delaySeconds: 300 });
    expect(decide(transient(0))).toEqual({ action: 'release', delaySeconds: 0 });
    expect(decide(transient(), 200, 86_401)).toEqual({ action: 'bury', code: 'kommo_unavailable', reason: 'later' });
  });

  it('R31: buries bad jobs and bugs at once, the unforeseen after five attempts', () => {
    expect(decide(new InvalidInputError('no such field'))).toEqual({ action: 'bury', code: 'invalid_input', reason: 'no such field' });
    expect(decide(new BugError('never', { code: 'impossible' }))).toEqual({ action: 'bury', code: 'impossible', reason: 'never' });
    expect(decide(new TypeError('x is undefined'), 4)).toEqual({ action: 'release', delaySeconds: 8 });
    expect(decide(new TypeError('x is undefined'), 5)).toEqual({ action: 'bury', code: 'unexpected', reason: 'x is undefined' });
  });

  it('ends the job of an account that a human must mend', () => {
    expect(decide(new AccountBlockedError('authorise again', { block: 'reauthorization_required' })).action).toBe('delete');
  });
});
