/** A measured figure with its goal (`docs/PERFORMANCE.md`). */
export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly value: number;
  /** `×` for a ratio. */
  readonly unit: '×' | 'ms' | 's' | 'MiB' | 'calls' | 'findings' | 'hooks/s';
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
}

/** Options of a benchmark. */
export interface BenchOptions {
  /** Runs fewer cases and rounds: enough for a rough figure. */
  readonly isQuick: boolean;
  /** Prints a line. */
  readonly print: (line: string) => void;
  /** Adds a figure to the table at the end. */
  readonly report: (figure: Figure) => void;
}

/** A benchmark. It throws only when a program fails, never because of a figure. */
export type Bench = (options: BenchOptions) => Promise<void>;

/** Whether a figure reaches its goal; undefined without a goal. */
export function isReached({ value, goal }: Figure): boolean | undefined {
  if (!goal) return undefined;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}
