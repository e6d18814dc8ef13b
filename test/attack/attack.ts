import type { AttackScene } from './attack-scene.js';

/** What an attack reached. */
export interface Outcome {
  /** What the attacker, and the other clients, saw: one line. */
  readonly seen: string;
  readonly isOk: boolean;
  /** What a benchmark reports of it. */
  readonly measured?: { readonly p99Ms: number; readonly quietP99Ms: number; readonly refused: number; readonly lost: number };
}

/** One kind of attack on the running service. */
export interface Attack {
  /** The id of its finding in docs/SECURITY.md. */
  readonly id: string;
  readonly name: string;
  /** What must be seen: one line. */
  readonly expected: string;
  run(scene: AttackScene, options: { readonly seconds: number }): Promise<Outcome>;
}

/** Counts equal values, the most frequent first: `401 × 20, 429 × 3`. */
export function tally(values: readonly (string | number)[]): string {
  const counts = new Map<string | number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([, first], [, second]) => second - first);
  return sorted.map(([value, count]) => `${value} × ${count}`).join(', ') || 'nothing';
}

/** The value that the given share of the values does not exceed; 0 for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((first, second) => first - second);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
