import { describe, expect, it } from '@jest/globals';
import { estimateEtaSeconds, isFinal, statesBefore } from './run-state.js';

describe('run states', () => {
  it('do not change after the end of a run', () => {
    expect((['completed', 'failed', 'cancelled'] as const).every(isFinal)).toBe(true);
    expect(statesBefore('running')).toEqual(['queued', 'running', 'waiting_for_confirmation']);
    expect(statesBefore('cancelled')).toEqual(['queued', 'running', 'waiting_for_confirmation']);
  });

  it.each([
    [100, 1_000, 10_000, 90],
    [0, 1_000, 10_000, null],
    [100, null, 10_000, null],
    [1_000, 900, 10_000, 1],
    [1_000, 1_000, 10_000, 1],
  ])('estimate for %d of %s contacts read in %d ms %s s left', (read, total, elapsedMs, eta) => {
    expect(estimateEtaSeconds(read, total, elapsedMs)).toBe(eta);
  });
});
