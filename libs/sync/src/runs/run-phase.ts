import type { Run } from '#database';
import type { Secret } from '#domain';
import type { AccountWork } from '../push/account-work.js';

/**
 * How a slice of work left a run: `next`, its next phase can go on at once; `later`, in another slice; `settled`, it is
 * completed or waits for a human; `ended`, somebody ended it meanwhile.
 */
export type StepOutcome = 'next' | 'later' | 'settled' | 'ended';

/** A run as it stood when its phase was taken up, and what it is worked on with. */
export interface RunStep {
  readonly run: Run;
  readonly work: AccountWork;
  readonly key: Secret;
  /** A phase that bears it gives way after this time, epoch ms. */
  readonly untilMs: number;
}

/** One phase of a run. */
export interface Phase {
  /** Goes on from the run's checkpoint, and repeats what a crash cut off. Throws TransientError and AccountBlockedError. */
  advance(step: RunStep): Promise<StepOutcome>;
}
