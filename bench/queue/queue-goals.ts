import { geometricMean } from '../numbers.js';
import type { QueueCase } from './queue-case.js';

/** A server's jobs per second ÷ Debian's. */
export interface Ratios {
  readonly put: number;
  readonly reserveAndDelete: number;
}

export interface Measured {
  readonly queueCase: QueueCase;
  readonly ours: Ratios;
  /** Of a Node server that only answers: what ours could reach at most. */
  readonly bare: Ratios;
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

/** Only beside a server without a log: the bare one has none. */
function describeBare(covered: readonly Measured[], operation: keyof Ratios): string {
  const ratios = covered.filter(({ queueCase }) => !queueCase.hasLog).map(({ bare }) => bare[operation]);
  return ratios.length > 0 ? `; bare ${geometricMean(ratios).toFixed(2)}` : '';
}

function describe(goal: Goal, measured: readonly Measured[], bodyBytes: number): string {
  const covered = measured.filter(({ queueCase }) => queueCase.bodyBytes === bodyBytes && goal.covers(queueCase));
  const parts = operations.map((operation) => {
    const ours = covered.map((one) => one.ours[operation]);
    const name = operation === 'put' ? 'put' : 'reserve+delete';
    return `${name} ${geometricMean(ours).toFixed(2)} (${Math.min(...ours).toFixed(2)}${describeBare(covered, operation)})`;
  });
  return `${goal.name}, ${bodyBytes} B: ${parts.join(', ')}; to reach: ${goal.reach}`;
}

/** One line per goal and body size: the mean of the ratios, in brackets the lowest and the mean of a bare Node server's. */
export function describeGoals(measured: readonly Measured[]): string[] {
  const covered = goals.filter((goal) => measured.some(({ queueCase }) => goal.covers(queueCase)));
  return covered.flatMap((goal) => bodySizes(measured).map((bodyBytes) => describe(goal, measured, bodyBytes)));
}
