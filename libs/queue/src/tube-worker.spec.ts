import { describe, expect, it } from '@jest/globals';
import { BugError, tubes } from '#domain';
import { assertEveryTubeHasOneWorker } from './tube-worker.js';

const workers = tubes.map((tube) => ({ tube }));

describe('assertEveryTubeHasOneWorker', () => {
  it('accepts one worker for each tube', () => {
    expect(() => assertEveryTubeHasOneWorker(workers)).not.toThrow();
  });

  it.each(tubes)('refuses to start without a worker for %s', (missing) => {
    expect(() => assertEveryTubeHasOneWorker(workers.filter(({ tube }) => tube !== missing))).toThrow(BugError);
  });

  it('refuses to start with two workers for a tube', () => {
    expect(() => assertEveryTubeHasOneWorker([...workers, { tube: 'contacts' }])).toThrow('the tube contacts has 2 workers');
  });
});
