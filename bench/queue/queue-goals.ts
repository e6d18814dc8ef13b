import { geometricMean } from '../numbers.js';
import type { QueueCase } from './queue-case.js';

/** Jobs per second of a server ÷ those of Debian's beanstalkd. */
export interface Ratios {
  readonly put: number;
  readonly reserveAndDelete: number;
}

/** Result of one combination. */
export interface Measured {
  readonly queueCase: QueueCase;
  readonly embedded: Ratios;
  /** Ratios of the bare Node server: the upper limit for the embedded server. */
  readonly bare: Ratios;
}

interface Goal {
  readonly name: string;
  readonly minRatio: number;
  covers(queueCase: QueueCase): boolean;
}

/** The goals of docs/PERFORMANCE.md. */
const goals: readonly Goal[] = [
  { name: 'one at a time', minRatio: 0.9, covers: ({ inFlight, connections }) => inFlight === 1 && connections === 1 },
  { name: 'fivebeans, 100 in flight', minRatio: 1, covers: ({ client, inFlight }) => client === 'fivebeans' && inFlight === 100 },
  { name: 'raw, 100 in flight', minRatio: 2, covers: ({ client, inFlight, hasLog }) => client === 'raw' && inFlight === 100 && !hasLog },
  {
    name: 'raw, 100 in flight, binlog -f 50',
    minRatio: 1.5,
    covers: ({ client, inFlight, hasLog }) => client === 'raw' && inFlight === 100 && hasLog,
  },
];

const operations: readonly (keyof Ratios)[] = ['put', 'reserveAndDelete'];
const bodySizes = (measured: readonly Measured[]) => [...new Set(measured.map(({ queueCase }) => queueCase.bodyBytes))];

/** Only for combinations without a log: the bare server has none. */
function describeBare(covered: readonly Measured[], operation: keyof Ratios): string {
  const ratios = covered.filter(({ queueCase }) => !queueCase.hasLog).map(({ bare }) => bare[operation]);
  return ratios.length > 0 ? `; bare ${geometricMean(ratios).toFixed(2)}` : '';
}

function describe(goal: Goal, measured: readonly Measured[], bodyBytes: number): string {
  const covered = measured.filter(({ queueCase }) => queueCase.bodyBytes === bodyBytes && goal.covers(queueCase));
  const parts = operations.map((operation) => {
    const embedded = covered.map((one) => one.embedded[operation]);
    const name = operation === 'put' ? 'put' : 'reserve+delete';
    return `${name} ${geometricMean(embedded).toFixed(2)} (${Math.min(...embedded).toFixed(2)}${describeBare(covered, operation)})`;
  });
  return `${goal.name}, ${bodyBytes} B: ${parts.join(', ')}; goal: ${goal.minRatio}`;
}

/** Returns one line for each goal and body size: the mean of the ratios; in brackets the lowest, and the mean of the bare server. */
export function describeGoals(measured: readonly Measured[]): string[] {
  const covered = goals.filter((goal) => measured.some(({ queueCase }) => goal.covers(queueCase)));
  return covered.flatMap((goal) => bodySizes(measured).map((bodyBytes) => describe(goal, measured, bodyBytes)));
}
