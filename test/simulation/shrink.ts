import type { History, Step } from './history.js';

/** Whether the history still fails in the same way. */
export type StillFails = (history: History) => Promise<boolean>;

const without = (steps: readonly Step[], start: number, count: number): Step[] => [...steps.slice(0, start), ...steps.slice(start + count)];

/** Removes steps while the history still fails, in ever smaller parts. Plays at most `attempts` histories. */
export async function shrink(history: History, stillFails: StillFails, attempts = 150): Promise<History> {
  let smallest = history;
  let left = attempts;
  const accept = async (candidate: History) => {
    if (left === 0) return false;
    left -= 1;
    if (!(await stillFails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let part = Math.ceil(history.steps.length / 2); part >= 1 && left > 0; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let start = 0; start < smallest.steps.length && left > 0;) {
      const isShorter = await accept({ ...smallest, steps: without(smallest.steps, start, part) });
      if (!isShorter) start += part;
    }
  }
  for (const change of [{ contacts: 0 }, { contacts: 2 }, { switches: {} }, { skewsMs: [0] }]) {
    await accept({ ...smallest, circumstances: { ...smallest.circumstances, ...change } });
  }
  return smallest;
}
