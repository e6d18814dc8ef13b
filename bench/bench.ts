/** How a benchmark is to run. */
export interface BenchOptions {
  /** Fewer cases and rounds: shows that it works and the order of magnitude. */
  readonly isQuick: boolean;
  /** Prints a line. */
  readonly say: (line: string) => void;
}
