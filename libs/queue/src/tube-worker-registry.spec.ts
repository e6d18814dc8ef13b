import { describe, expect, it } from '@jest/globals';
import { BugError, jobKindOf, tubes } from '#domain';
import { assertOneWorkerPerTube } from './tube-worker-registry.js';

const workers = tubes.map((tube) => ({ tube, className: `${tube} worker`, ttrSeconds: jobKindOf(tube).ttrSeconds }));

describe('assertOneWorkerPerTube', () => {
  it('accepts one worker for each tube', () => {
    expect(() => assertOneWorkerPerTube(workers)).not.toThrow();
  });

  it.each(tubes)('refuses to start without a worker for %s', (missing) => {
    const others = workers.filter(({ tube }) => tube !== missing);
    expect(() => assertOneWorkerPerTube(others)).toThrow(BugError);
    expect(() => assertOneWorkerPerTube(others)).toThrow(`the tube ${missing} has no worker`);
  });

  it('refuses to start with two workers for a tube', () => {
    const second = { tube: 'contacts', className: 'SecondWorker', ttrSeconds: 120 };
    expect(() => assertOneWorkerPerTube([...workers, second])).toThrow('the tube contacts has 2 workers: contacts worker, SecondWorker');
  });

  it('refuses to start with a worker for a tube that is not in the job catalogue', () => {
    const unknown = { tube: 'contract', className: 'UnknownTubeWorker', ttrSeconds: 120 };
    expect(() => assertOneWorkerPerTube([...workers, unknown])).toThrow('UnknownTubeWorker works on the unknown tube "contract"');
  });

  it("refuses to start with a worker whose time-to-run is not the job catalogue's", () => {
    const [first, ...others] = workers.map((worker) => ({ ...worker }));
    const hasty = { tube: 'contacts', className: 'HastyWorker', ttrSeconds: 30 };
    expect(first?.tube).toBe('contacts');
    expect(() => assertOneWorkerPerTube([hasty, ...others])).toThrow('HastyWorker says ttrSeconds 30, but the job catalogue says 120');
  });
});
