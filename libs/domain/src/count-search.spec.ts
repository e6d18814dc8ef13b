import { describe, expect, it } from '@jest/globals';
import { nextCountStep } from './count-search.js';

function search(length: number, known: number): { estimate: number; looks: number } {
  let range = { known, missing: Infinity };
  for (let looks = 0; ; looks += 1) {
    const step = nextCountStep(range);
    if (step.kind === 'done') return { estimate: step.estimate, looks };
    range = step.position <= length ? { ...range, known: step.position } : { ...range, missing: step.position };
  }
}

describe('nextCountStep', () => {
  it.each([501, 502, 601, 750, 1_998, 2_003, 2_004, 1_000, 1_001, 12_345, 100_000, 1_000_000, 7_654_321])(
    'estimates a list of %d items within a tenth, in few looks',
    (length) => {
      const { estimate, looks } = search(length, 501);
      expect(Math.abs(estimate - length)).toBeLessThanOrEqual(length / 10);
      expect(looks).toBeLessThanOrEqual(Math.ceil(Math.log2(length / 501) / 2) + 5);
    },
  );
});
