import type { Clock } from '#domain';

/** Ctrl-C in a terminal reaches a child twice: from the terminal and from its parent. The second one within this time is ignored. */
const SECOND_SIGNAL_AFTER_MS = 1_000;

/** Calls `stop` on the first SIGTERM or SIGINT of this process, and `kill` on another one at least a second later. */
export function onStopSignals(clock: Clock, stop: (signal: NodeJS.Signals) => void, kill: () => void): void {
  let firstAt: number | undefined;
  const receive = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = clock.nowMs();
      stop(signal);
    } else if (clock.nowMs() - firstAt >= SECOND_SIGNAL_AFTER_MS) kill();
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
}
