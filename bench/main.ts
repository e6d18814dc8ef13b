import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '#clock';
import type { Bench, Figure } from './bench.js';
import { runConsoleBench } from './console/console-bench.js';
import { runFloodBench } from './flood/flood-bench.js';
import { runHooksBench } from './hooks/hooks-bench.js';
import { runImportBench } from './import/import-bench.js';
import { runLimitsBench } from './import/limits-bench.js';
import { runMemoryBench } from './import/memory-bench.js';
import { describeMachine } from './machine.js';
import { runPlansBench } from './plans/plans-bench.js';
import { drawPlot } from './plot.js';
import { runQueueBench } from './queue/queue-bench.js';
import { toReport } from './report.js';
import { runStartBench } from './start/start-bench.js';
import { runBurstBench } from './steady/burst-bench.js';
import { runEventBench } from './steady/event-bench.js';

/** sysexits(3) */
const EX_USAGE = 64;

/** Every benchmark by its name, in the order in which all are run. */
const benches: ReadonlyMap<string, Bench> = new Map([
  ['start', runStartBench],
  ['queue', runQueueBench],
  ['hooks', runHooksBench],
  ['import', runImportBench],
  ['limits', runLimitsBench],
  ['burst', runBurstBench],
  ['event', runEventBench],
  ['memory', runMemoryBench],
  ['flood', runFloodBench],
  ['plans', runPlansBench],
  ['console', runConsoleBench],
]);
const usage = `usage: npm run bench -- [${[...benches.keys()].join('|')}]… [--quick] [--json FILE] [--svg FOLDER]\n`;

const print = (line: string) => process.stdout.write(`${line}\n`);

function read(words: readonly string[]) {
  try {
    const options = { quick: { type: 'boolean' }, json: { type: 'string' }, svg: { type: 'string' } } as const;
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch {
    return undefined;
  }
}

async function main(words: readonly string[]): Promise<void> {
  const parsed = read(words);
  if (!parsed?.positionals.every((name) => benches.has(name))) {
    process.stderr.write(usage);
    process.exitCode = EX_USAGE;
    return;
  }
  const { quick: isQuick = false, json, svg } = parsed.values;
  const names = parsed.positionals.length > 0 ? parsed.positionals : [...benches.keys()];
  const machine = describeMachine();
  const figures: Figure[] = [];
  print(machine);
  for (const name of names) {
    print(`\n## ${name}\n`);
    await benches.get(name)?.({ isQuick, print, report: (figure) => figures.push(figure) });
  }
  if (figures.length > 0) print(`\n${toReport(figures)}`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, isQuick, figures }, null, 2)}\n`);
  if (svg !== undefined) await writePlots(svg, figures, `${machine}; ${new Date(systemClock.nowMs()).toISOString().slice(0, 10)}`);
}

/** Writes one plot for each bench. */
async function writePlots(folder: string, figures: readonly Figure[], caption: string): Promise<void> {
  for (const bench of new Set(figures.map((figure) => figure.bench))) {
    const own = figures.filter((figure) => figure.bench === bench);
    await writeFile(join(folder, `bench-${bench}.svg`), drawPlot(own, `npm run bench -- ${bench}: ${caption}`));
  }
}

// Exit on a signal, so that the `exit` handlers kill the servers that the benchmark has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await main(process.argv.slice(2));
