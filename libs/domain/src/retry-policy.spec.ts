import { describe, expect, it } from '@jest/globals';
import { AccountBlockedError, BugError, InvalidInputError, TransientError, isDeferral } from './errors.js';
import { type Attempt, backOffSeconds, decideDisposition, findContinuation, standardRetry } from './retry-policy.js';

const transient = (retryAfterMs?: number) => new TransientError('later', { code: 'kommo_unavailable', retryAfterMs });

describe('backOffSeconds', () => {
  it('doubles from one second to a minute, and after ten minutes to ten', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => backOffSeconds({ number, ageSeconds: 0 }, 0.5));
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(backOffSeconds({ number: 20, ageSeconds: 601 }, 0.5)).toBe(600);
  });

  it('changes the delay at random by up to a fifth, and is never below a second', () => {
    expect([0, 1].map((random) => backOffSeconds({ number: 6, ageSeconds: 0 }, random))).toEqual([26, 38]);
    expect(backOffSeconds({ number: 1, ageSeconds: 0 }, 0)).toBe(1);
  });
});

describe('a retry policy of a tube', () => {
  const policy = { ...standardRetry, firstDelaySeconds: 10, earlyCapSeconds: 30, jitter: 0, maxUnexpectedAttempts: 2 };

  it('sets the first delay, the cap and the jitter', () => {
    expect([1, 2, 3].map((number) => backOffSeconds({ number, ageSeconds: 0 }, 0.9, policy))).toEqual([10, 20, 30]);
  });

  it('sets how often a job with an unexpected error is tried', () => {
    const attempt = { error: new TypeError('x is undefined'), ageSeconds: 0 };
    expect(decideDisposition({ ...attempt, number: 1 }, 0, policy)).toEqual({ action: 'release', delaySeconds: 10 });
    expect(decideDisposition({ ...attempt, number: 2 }, 0, policy)).toMatchObject({ action: 'bury', code: 'unexpected' });
  });
});

describe('isDeferral', () => {
  it.each(['account_busy', 'account_paused', 'lease_lost', 'still_running', 'stopping'] as const)('is true of %s', (code) => {
    expect(isDeferral(new TransientError('wait', { code }))).toBe(true);
  });

  it.each([transient(), new BugError('never', { code: 'unexpected' }), new Error('stopping'), undefined])('is false of %s', (error) => {
    expect(isDeferral(error)).toBe(false);
  });
});

describe('findContinuation', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a paused account', new TransientError('wait', { code: 'account_paused' }), 'sweep'],
    ['a busy account', new TransientError('wait', { code: 'account_busy' }), 'lease_holder'],
    ['a transient error', transient(), 'earlier_job'],
    ['an input error', new InvalidInputError('no such field'), undefined],
    ['a bug', new BugError('never', { code: 'queue_misused' }), undefined],
    ['a blocked account', new AccountBlockedError('no access', { code: 'disconnected' }), undefined],
    ['an error without a code', new TypeError('x is undefined'), undefined],
  ])('returns the job that continues the work after %s', (_what, error, continuation) => {
    expect(findContinuation(error)).toBe(continuation);
  });
});

const DAY_SECONDS = 86_400;
const deferral = new TransientError('wait', { code: 'account_busy', retryAfterMs: 2_000 });
const codeless = new TypeError('x is undefined');
const release = (delaySeconds: number) => ({ action: 'release', delaySeconds });
const bury = (code: string, reason: string) => ({ action: 'bury', code, reason });

describe('decideDisposition', () => {
  it.each<[string, Partial<Attempt>, object]>([
    ['R31: a transient error, with a growing delay', { error: transient(), number: 3 }, release(4)],
    ['R31: a transient error, for a day', { error: transient(), number: 200, ageSeconds: DAY_SECONDS }, release(600)],
    [
      'R31: a transient error that lasts longer than a day',
      { error: transient(), ageSeconds: DAY_SECONDS + 1 },
      bury('kommo_unavailable', 'later'),
    ],
    ['a delay that the other side names', { error: transient(300_000), number: 3 }, release(300)],
    ['a named delay of a part of a second', { error: transient(1) }, release(1)],
    ['a named delay of zero', { error: transient(0) }, release(0)],
    ['a named delay below zero', { error: transient(-5_000) }, release(0)],
    ['a named delay of years', { error: transient(1e18) }, release(DAY_SECONDS)],
    ['a named delay that is no number', { error: transient(NaN), number: 2 }, release(2)],
    ['a deferral', { error: deferral }, release(2)],
    ['a deferral, however old', { error: deferral, number: 1_000, ageSeconds: 30 * DAY_SECONDS }, release(2)],
    ['R31: a bad job', { error: new InvalidInputError('no such field') }, bury('invalid_input', 'no such field')],
    ['R31: a bug', { error: new BugError('never', { code: 'queue_misused' }) }, bury('queue_misused', 'never')],
    ['R31: an error without a code, at first', { error: codeless, number: 4 }, release(8)],
    ['R31: an error without a code, the fifth time', { error: codeless, number: 5 }, bury('unexpected', 'x is undefined')],
    ['a thrown value that is not an error', { error: 'text', number: 5 }, bury('unexpected', 'text')],
    [
      'the job of an account that a human must mend',
      { error: new AccountBlockedError('authorise again', { code: 'reauthorization_required' }) },
      { action: 'delete', reason: 'authorise again' },
    ],
  ])('%s', (_what, attempt, disposition) => {
    expect(decideDisposition({ error: undefined, number: 1, ageSeconds: 0, ...attempt }, 0.5)).toEqual(disposition);
  });
});
