import { geometricMean } from '../numbers.js';
import type { QueueCase } from './queue-case.js';

/** Ours ÷ Debian's. */
export interface Ratios {
  readonly put: number;
  readonly reserveAndDelete: number;
}

export interface Measured {
  readonly queueCase: QueueCase;
  readonly ratios: Ratios;
}

interface Goal {
  readonly name: string;
  readonly reach: number;
  covers(queueCase: QueueCase): boolean;
}

/** From DESIGN.md 10. */
const goals: readonly Goal[] = [
  { name: 'one at a time', reach: 0.9, covers: ({ inFlight, connections }) => inFlight === 1 && connections === 1 },
  { name: 'fivebeans, 100 in flight', reach: 1, covers: ({ client, inFlight }) => client === 'fivebeans' && inFlight === 100 },
  { name: 'raw, 100 in flight', reach: 2, covers: ({ client, inFlight, hasLog }) => client === 'raw' && inFlight === 100 && !hasLog },
  {
    name: 'raw, 100 in flight, binlog -f 50',
    reach: 1.5,
    covers: ({ client, inFlight, hasLog }) => client === 'raw' && inFlight === 100 && hasLog,
  },
];

const operations: readonly (keyof Ratios)[] = ['put', 'reserveAndDelete'];
const bodySizes = (measured: readonly Measured[]) => [...new Set(measured.map(({ queueCase }) => queueCase.bodyBytes))];

function describe(goal: Goal, measured: readonly Measured[], bodyBytes: number): string {
  const covered = measured.filter(({ queueCase }) => queueCase.bodyBytes === bodyBytes && goal.covers(queueCase));
  const parts = operations.map((operation) => {
    const ratios = covered.map((one) => one.ratios[operation]);
    return `${operation === 'put' ? 'put' : 'reserve+delete'} ${geometricMean(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)})`;
  });
  return `${goal.name}, ${bodyBytes} B: ${parts.join(', ')}; to reach: ${goal.reach}`;
}

/** One line per goal and body size: the mean of the ratios, and in brackets the lowest. */
export function describeGoals(measured: readonly Measured[]): string[] {
  const covered = goals.filter((goal) => measured.some(({ queueCase }) => goal.covers(queueCase)));
  return covered.flatMap((goal) => bodySizes(measured).map((bodyBytes) => describe(goal, measured, bodyBytes)));
}
