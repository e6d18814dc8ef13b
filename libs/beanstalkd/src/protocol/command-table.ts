import type { Command } from './command.js';
import * as operator from './operator-commands.js';
import * as producer from './producer-commands.js';
import * as worker from './worker-commands.js';

/** A prefix that starts with another prefix must come before it. */
const commands: readonly Command[] = [
  producer.put,
  operator.peek,
  operator.peekReady,
  operator.peekDelayed,
  operator.peekBuried,
  worker.reserveWithTimeout,
  worker.reserveJob,
  worker.reserve,
  worker.deleteJob,
  worker.release,
  worker.bury,
  operator.kick,
  operator.kickJob,
  worker.touch,
  operator.statsJob,
  operator.statsTube,
  operator.stats,
  producer.use,
  worker.watch,
  worker.ignore,
  operator.listTubesWatched,
  operator.listTubeUsed,
  operator.listTubes,
  operator.quit,
  operator.pauseTube,
];

const byFirstLetter = new Map<number, Command[]>();
for (const command of commands) {
  const letter = command.prefix.charCodeAt(0);
  byFirstLetter.set(letter, [...(byFirstLetter.get(letter) ?? []), command]);
}

/** Returns the command that `line` starts with; undefined (UNKNOWN_COMMAND) when there is none. */
export function findCommand(line: string): Command | undefined {
  return byFirstLetter.get(line.charCodeAt(0))?.find((command) => line.startsWith(command.prefix));
}
