import { describe, expect, it } from '@jest/globals';
import { retryWaitMinutes } from './kommo-hook-sender.js';

describe('retryWaitMinutes', () => {
  it.each([
    [500, [5, 15, 15, 60, undefined]],
    [499, [5, 15, 15, 60, undefined]],
    [0, [5, 15, undefined]],
    [302, [5, 15, undefined]],
    [404, [5, 15, undefined]],
  ])('after code %i waits %o', (code, waits) => {
    expect(waits.map((_, index) => retryWaitMinutes(index + 1, code))).toEqual(waits);
  });
});
