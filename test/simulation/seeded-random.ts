import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { type Random, seededRandom } from '../../apps/sandbox/src/random.js';

const bytesOf = (random: Random, count: number): Buffer => Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));

function uuidOf(random: Random): ReturnType<typeof crypto.randomUUID> {
  const hex = bytesOf(random, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/**
 * Runs `work` while `Math.random`, `randomUUID` and `randomBytes` give repeatable streams: the service draws back-offs, ids and keys
 * from them.
 */
export async function withSeededRandom<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const { random: mathRandom } = Math;
  const { randomUUID, randomBytes } = crypto;
  const random = seededRandom(seed);
  Math.random = seededRandom(seed);
  Object.assign(crypto, { randomUUID: () => uuidOf(random), randomBytes: (count: number) => bytesOf(random, count) });
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    Math.random = mathRandom;
    Object.assign(crypto, { randomUUID, randomBytes });
    syncBuiltinESMExports();
  }
}
