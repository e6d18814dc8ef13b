import type { Outcome } from '../../test/attack/attack.js';
import { runAttacks } from '../../test/attack/run-attacks.js';
import type { BenchOptions } from '../bench.js';

/** Runs the attack `flood`, which is also `npm run attack -- --only flood`: known accounts' hooks under anonymous requests. */
export async function runFloodBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const outcomes: Outcome[] = [];
  await runAttacks({ only: 'flood', seconds: isQuick ? 3 : 60, print, onOutcome: (outcome) => outcomes.push(outcome) });
  const measured = outcomes[0]?.measured;
  if (!measured) throw new Error(`the flood was not measured: ${outcomes[0]?.seen}`);
  report({ bench: 'flood', name: 'hooks without a flood: p99', value: measured.quietP99Ms, unit: 'ms' });
  report({ bench: 'flood', name: 'hooks under 200 anonymous requests/s: p99', value: measured.p99Ms, unit: 'ms', goal: { atMost: 200 } });
  report({ bench: 'flood', name: 'the same: refused', value: measured.refused, unit: 'hooks', goal: { atMost: 0 } });
  report({ bench: 'flood', name: 'the same: lost', value: measured.lost, unit: 'hooks', goal: { atMost: 0 } });
}
