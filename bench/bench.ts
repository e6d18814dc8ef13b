/** Options of a benchmark. */
export interface BenchOptions {
  /** Runs fewer cases and rounds: enough for a rough figure. */
  readonly isQuick: boolean;
  /** Prints a line. */
  readonly print: (line: string) => void;
}
