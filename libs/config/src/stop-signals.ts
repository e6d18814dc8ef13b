import type { Clock } from '#domain';

/** A terminal's Ctrl-C reaches the whole group and a parent passes it on: only a later signal is a second one. */
const SECOND_COUNTS_AFTER_MS = 1_000;

/** Calls `stop` on this process's first SIGTERM or SIGINT, and `kill` on another one at least a second later. */
export function onStopSignals(clock: Clock, stop: (signal: NodeJS.Signals) => void, kill: () => void): void {
  let firstAt: number | undefined;
  const receive = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = clock.nowMs();
      stop(signal);
    } else if (clock.nowMs() - firstAt >= SECOND_COUNTS_AFTER_MS) kill();
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
}
