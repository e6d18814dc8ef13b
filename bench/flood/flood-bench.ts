import { runAttacks } from '../../test/attack/run-attacks.js';
import type { BenchOptions } from '../bench.js';

/** Runs the attack `flood`, which is also `npm run attack -- --only flood`: known accounts' hooks under anonymous requests. */
export async function runFloodBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const failed = await runAttacks({ only: 'flood', seconds: isQuick ? 3 : 60, print });
  report({ bench: 'flood', name: 'p99 ≤ 200 ms, none lost: violations', value: failed, unit: 'findings', goal: { atMost: 0 } });
}
