import type { Figure } from '../bench.js';
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

const nameOf = (operation: keyof Ratios) => (operation === 'put' ? 'put' : 'reserve+delete');

/** One line and the figures of one goal and body size. */
function summarize(goal: Goal, measured: readonly Measured[], bodyBytes: number): { line: string; figures: Figure[] } {
  const covered = measured.filter(({ queueCase }) => queueCase.bodyBytes === bodyBytes && goal.covers(queueCase));
  const ratios = operations.map((operation) => ({ operation, embedded: covered.map((one) => one.embedded[operation]) }));
  const parts = ratios.map(
    ({ operation, embedded }) =>
      `${nameOf(operation)} ${geometricMean(embedded).toFixed(2)} (${Math.min(...embedded).toFixed(2)}${describeBare(covered, operation)})`,
  );
  const figures = ratios.map(({ operation, embedded }): Figure => {
    const name = `${goal.name}, ${bodyBytes} B: ${nameOf(operation)}`;
    return { bench: 'queue', name, value: geometricMean(embedded), unit: '×', goal: { atLeast: goal.minRatio } };
  });
  return { line: `${goal.name}, ${bodyBytes} B: ${parts.join(', ')}; goal: ${goal.minRatio}`, figures };
}

/**
 * Returns one line and its figures for each goal and body size: the mean of the ratios; in brackets the lowest, and the mean of the bare
 * server.
 */
export function summarizeGoals(measured: readonly Measured[]): { line: string; figures: Figure[] }[] {
  const covered = goals.filter((goal) => measured.some(({ queueCase }) => goal.covers(queueCase)));
  return covered.flatMap((goal) => bodySizes(measured).map((bodyBytes) => summarize(goal, measured, bodyBytes)));
}
