import { randomInt } from 'node:crypto';
import { systemClock } from '#clock';
import { fuzzTargets } from './fuzz-targets.js';

interface FuzzOptions {
  readonly minutes: number;
  /** Repeats an earlier run. */
  readonly seed: number | undefined;
  readonly print: (line: string) => void;
}

const RUNS_A_TURN = 200;
const MAX_SEED = 2 ** 31;

const MAX_MESSAGE_LENGTH = 2_000;

/** The broken law after the input that broke it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n${error.cause.message}` : '';
  return error.message.slice(0, MAX_MESSAGE_LENGTH) + cause.slice(0, MAX_MESSAGE_LENGTH);
}

/**
 * Tries random inputs on every parser of a body, a query, a header, a token, a response or a log text, in turns, for some minutes.
 * Prints the number of inputs. Returns the exit code: 1 when an input broke a law.
 */
export async function runFuzz({ minutes, seed = randomInt(MAX_SEED), print }: FuzzOptions): Promise<number> {
  const endMs = systemClock.nowMs() + minutes * 60_000;
  print(`${fuzzTargets.length} targets, seed ${seed}`);
  const failed = new Set<string>();
  let inputs = 0;
  for (let turn = 0; systemClock.nowMs() < endMs; turn += 1) {
    for (const target of fuzzTargets) {
      if (failed.has(target.name) || systemClock.nowMs() >= endMs) continue;
      try {
        await target.run({ numRuns: RUNS_A_TURN, seed: (seed + turn) % MAX_SEED });
        inputs += RUNS_A_TURN;
      } catch (error) {
        failed.add(target.name);
        print(`FAILED: ${target.name}\n${messageOf(error)}`);
      }
    }
  }
  print(`${inputs.toLocaleString('en')} inputs in ${minutes} minutes; ${failed.size} of ${fuzzTargets.length} targets failed`);
  return failed.size === 0 ? 0 : 1;
}
