import { describe, expect, it } from '@jest/globals';
import { AccountBlockedError, BugError, InvalidInputError, TransientError } from './errors.js';
import { type Attempt, backOffSeconds, decideDisposition, isOwnHold, standardRetry } from './retry-policy.js';

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

describe('isOwnHold', () => {
  it.each(['account_busy', 'account_paused', 'lease_lost', 'still_running', 'stopping'])('is true of %s', (code) => {
    expect(isOwnHold(new TransientError('wait', { code }))).toBe(true);
  });

  it.each([transient(), new BugError('never', { code: 'stopping' }), new Error('stopping'), undefined])('is false of %s', (error) => {
    expect(isOwnHold(error)).toBe(false);
  });
});

const DAY_SECONDS = 86_400;
const held = new TransientError('wait', { code: 'account_busy', retryAfterMs: 2_000 });
const unforeseen = new TypeError('x is undefined');
const release = (delaySeconds: number) => ({ action: 'release', delaySeconds });
const bury = (code: string, reason: string) => ({ action: 'bury', code, reason });

describe('decideDisposition', () => {
  it.each<[string, Partial<Attempt>, object]>([
    ['R31: what time may heal, with growing delay', { error: transient(), number: 3 }, release(4)],
    ['R31: what time may heal, for a day', { error: transient(), number: 200, ageSeconds: DAY_SECONDS }, release(600)],
    ['R31: what a day did not heal', { error: transient(), ageSeconds: DAY_SECONDS + 1 }, bury('kommo_unavailable', 'later')],
    ["the other side's wish", { error: transient(300_000), number: 3 }, release(300)],
    ['a wish of a part of a second', { error: transient(1) }, release(1)],
    ['a wish to come at once', { error: transient(0) }, release(0)],
    ['a wish for the past', { error: transient(-5_000) }, release(0)],
    ['a wish for the far future', { error: transient(1e18) }, release(DAY_SECONDS)],
    ['a wish that is no number', { error: transient(NaN), number: 2 }, release(2)],
    ['a wait of our own', { error: held }, release(2)],
    ['a wait of our own, however long', { error: held, number: 1_000, ageSeconds: 30 * DAY_SECONDS }, release(2)],
    ['R31: a bad job', { error: new InvalidInputError('no such field') }, bury('invalid_input', 'no such field')],
    ['R31: a bug', { error: new BugError('never', { code: 'impossible' }) }, bury('impossible', 'never')],
    ['R31: the unforeseen, at first', { error: unforeseen, number: 4 }, release(8)],
    ['R31: the unforeseen, the fifth time', { error: unforeseen, number: 5 }, bury('unexpected', 'x is undefined')],
    ['something thrown that is no error', { error: 'text', number: 5 }, bury('unexpected', 'text')],
    [
      'the job of an account that a human must mend',
      { error: new AccountBlockedError('authorise again', { block: 'reauthorization_required' }) },
      { action: 'delete', reason: 'authorise again' },
    ],
  ])('%s', (_what, attempt, disposition) => {
    expect(decideDisposition({ error: undefined, number: 1, ageSeconds: 0, ...attempt }, 0.5)).toEqual(disposition);
  });
});
