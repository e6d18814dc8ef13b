import { runConsoleBench } from './console/console-bench.js';
import { runHooksBench } from './hooks/hooks-bench.js';
import { runPlansBench } from './plans/plans-bench.js';
import { runQueueBench } from './queue/queue-bench.js';

/** sysexits(3) */
const EX_USAGE = 64;

const benches = new Map([
  ['console', runConsoleBench],
  ['hooks', runHooksBench],
  ['plans', runPlansBench],
  ['queue', runQueueBench],
]);
const usage = `usage: npm run bench -- <${[...benches.keys()].join('|')}> [--quick]\n`;

const print = (line: string) => process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<void> {
  const isQuick = words.includes('--quick');
  const [name = '', ...others] = words.filter((word) => word !== '--quick');
  const bench = benches.get(name);
  if (bench && others.length === 0) return bench({ isQuick, print });
  process.stderr.write(usage);
  process.exitCode = EX_USAGE;
}

// Exit on a signal, so that the `exit` handlers kill the servers that the benchmark has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await main(process.argv.slice(2));
