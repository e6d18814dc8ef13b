import { seededRandom } from '../../apps/sandbox/src/random.js';

/** Runs `work` while `Math.random` gives a repeatable stream: the service draws back-offs from it. */
export async function withSeededRandom<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const original = Math.random;
  Math.random = seededRandom(seed);
  try {
    return await work();
  } finally {
    Math.random = original;
  }
}
