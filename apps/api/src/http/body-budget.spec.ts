import { describe, expect, it } from '@jest/globals';
import { BodyBudget } from './body-budget.js';

describe('S02: the budget of bodies', () => {
  it('is bounded for each caller, and for all together', () => {
    const budget = new BodyBudget({ maxBytes: 10, maxBytesPerCaller: 6 });
    const [a, b] = [budget.open('a'), budget.open('b')];
    expect([a.take(6), a.take(1), b.take(4), b.take(1)]).toEqual([true, false, true, false]);
    expect(budget.heldBytes).toBe(10);
  });

  it('counts all bodies of a caller together', () => {
    const budget = new BodyBudget({ maxBytes: 100, maxBytesPerCaller: 6 });
    expect([budget.open('a').take(4), budget.open('a').take(4), budget.open('b').take(4)]).toEqual([true, false, true]);
  });

  it('gets the bytes of a share back once', () => {
    const budget = new BodyBudget({ maxBytes: 10, maxBytesPerCaller: 10 });
    const share = budget.open('a');
    share.take(8);
    budget.open('a').take(1);
    share.release();
    share.release();
    expect(budget.heldBytes).toBe(1);
  });
});
