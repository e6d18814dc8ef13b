/** A measured figure with its goal (`docs/PERFORMANCE.md`). */
export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly value: number;
  /** `×` for a ratio. */
  readonly unit: '×' | 'ms' | 's' | 'MiB' | 'calls' | 'findings' | 'hooks' | 'hooks/s' | 'jobs/s';
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number };
}

/** One line of a plot of `bench/plots`. */
export interface Line {
  readonly plot: 'hooks' | 'responses' | 'queue' | 'event' | 'unisender' | 'memory';
  /** Panel of the plot. */
  readonly panel: string;
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a benchmark has measured. */
export interface Measured {
  readonly figures: readonly Figure[];
  readonly lines: readonly Line[];
}

/** Options of a benchmark. */
export interface BenchOptions {
  /** Runs fewer cases and rounds: enough for a rough figure. */
  readonly isQuick: boolean;
  /** Prints a line. */
  readonly print: (line: string) => void;
  /** Adds a figure to the table at the end. */
  readonly report: (figure: Figure) => void;
  /** Adds a line to a plot. */
  readonly plot: (line: Line) => void;
}

/** A benchmark. It throws only when a program fails, never because of a figure. */
export type Bench = (options: BenchOptions) => Promise<void>;
