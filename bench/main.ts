import { runQueueBench } from './queue/queue-bench.js';

/** sysexits(3) */
const EX_USAGE = 64;

const benches = new Map([['queue', runQueueBench]]);
const usage = `usage: npm run bench -- <${[...benches.keys()].join('|')}> [--quick]\n`;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<void> {
  const isQuick = words.includes('--quick');
  const [name = '', ...others] = words.filter((word) => word !== '--quick');
  const bench = benches.get(name);
  if (bench && others.length === 0) return bench({ isQuick, say });
  process.stderr.write(usage);
  process.exitCode = EX_USAGE;
}

// A killed bench ends by `exit`, and with it the servers that it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await main(process.argv.slice(2));
