import { parseArgs } from 'node:util';
import { attacks } from './attacks.js';
import { runAttacks } from './run-attacks.js';
import { runChaos } from './run-chaos.js';
import { runFuzz } from './run-fuzz.js';
import { runGrowth } from './run-growth.js';

/** sysexits(3) */
const EX_USAGE = 64;
const DEFAULT_SECONDS = 60;
const DEFAULT_MINUTES = 10;

const usage = `usage: npm run attack -- [live] [--only NAME] [--seconds N]   attacks the built service; NAME: ${Object.keys(attacks).join(', ')}
       npm run attack -- fuzz [--minutes N] [--seed N]          random inputs for every parser
       npm run attack -- chaos [--minutes N] [--seed N]         faults, lies and delays of both vendors
       npm run attack -- growth [--quick] [--only PARSER]       repeated bytes, escapes and fragments for every parser
`;

const print = (line: string) => process.stdout.write(`${line}\n`);

const options = {
  only: { type: 'string' },
  quick: { type: 'boolean' },
  seconds: { type: 'string' },
  minutes: { type: 'string' },
  seed: { type: 'string' },
} as const;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch {
    return undefined;
  }
}

function fail(): number {
  process.stderr.write(usage);
  return EX_USAGE;
}

async function main(words: readonly string[]): Promise<number> {
  const parsed = read(words);
  const [command = 'live', ...others] = parsed?.positionals ?? [];
  if (!parsed || others.length > 0) return fail();
  const { only, quick = false, seconds = DEFAULT_SECONDS, minutes = DEFAULT_MINUTES, seed } = parsed.values;
  if (!(Number(seconds) > 0) || !(Number(minutes) > 0)) return fail();
  const long = { minutes: Number(minutes), seed: seed === undefined ? undefined : Number(seed), print };
  if (command === 'fuzz') return runFuzz(long);
  if (command === 'chaos') return runChaos(long);
  if (command === 'growth') return runGrowth({ only, isQuick: quick, print });
  if (command !== 'live' || (only !== undefined && !(only in attacks))) return fail();
  return runAttacks({ only, seconds: Math.round(Number(seconds)), print });
}

// Exit on a signal, so that the `exit` handlers kill the processes that the attacks have started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

process.exitCode = await main(process.argv.slice(2));
