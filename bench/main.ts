import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '#clock';
import type { Bench, Figure, Line, Measured } from './bench.js';
import { runConsoleBench } from './console/console-bench.js';
import { runFloodBench } from './flood/flood-bench.js';
import { runHooksBench } from './hooks/hooks-bench.js';
import { runImportBench } from './import/import-bench.js';
import { runLimitsBench } from './import/limits-bench.js';
import { runMemoryBench } from './import/memory-bench.js';
import { describeMachine } from './machine.js';
import { runPlansBench } from './plans/plans-bench.js';
import { runQueueBench } from './queue/queue-bench.js';
import { toReport } from './report.js';
import { joinResults, mergeRuns, type Result } from './result.js';
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
const usage = `usage: npm run bench -- [${[...benches.keys()].join('|')}]… [--quick] [--repeat N] [--json FILE] [--svg FOLDER]
       npm run bench -- --draw FILE… --svg FOLDER
`;

interface Command {
  readonly names: readonly string[];
  readonly isQuick: boolean;
  readonly repeats: number;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  /** Files of `--json` that are drawn in place of a run. */
  readonly draw: readonly string[];
}

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Returns undefined when the words are wrong. */
function readCommand(words: readonly string[]): Command | undefined {
  const options = {
    quick: { type: 'boolean' },
    repeat: { type: 'string' },
    json: { type: 'string' },
    svg: { type: 'string' },
    draw: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    const repeats = Number(values.repeat ?? 1);
    const names = positionals.length > 0 ? positionals : [...benches.keys()];
    const command = { names, isQuick: values.quick ?? false, repeats, json: values.json, svg: values.svg, draw: [] };
    if (values.draw) return positionals.length > 0 ? { ...command, names: [], draw: positionals } : undefined;
    return names.every((name) => benches.has(name)) && Number.isInteger(repeats) && repeats > 0 ? command : undefined;
  } catch {
    return undefined;
  }
}

/** Runs the benches one after the other, all of them once before any one again. Calls `onResult` after each bench. */
async function runAll({ names, isQuick, repeats }: Command, onResult: (result: Result) => Promise<void>): Promise<void> {
  const start = { machine: describeMachine(), date: new Date(systemClock.nowMs()).toISOString().slice(0, 10), isQuick, runs: repeats };
  print(start.machine);
  const runs: Measured[] = [];
  for (let run = 1; run <= repeats; run += 1) {
    const [figures, lines]: [Figure[], Line[]] = [[], []];
    runs.push({ figures, lines });
    for (const name of names) {
      print(`\n## ${name}${repeats > 1 ? ` (run ${run} of ${repeats})` : ''}\n`);
      const startedAt = performance.now();
      await benches.get(name)?.({ isQuick, print, report: (figure) => figures.push(figure), plot: (line) => lines.push(line) });
      print(`\n${name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
      await onResult({ ...start, ...mergeRuns(runs) });
    }
  }
}

/** Writes the plots of a result. The library for charts is loaded here only: a run without plots does not need it. */
async function writePlots(folder: string, result: Result): Promise<void> {
  const { drawPlots } = await import('./plots/plots.js');
  for (const [name, svg] of drawPlots(result)) await writeFile(join(folder, `bench-${name}.svg`), svg);
}

async function main(words: readonly string[]): Promise<void> {
  const command = readCommand(words);
  if (!command) {
    process.stderr.write(usage);
    process.exitCode = EX_USAGE;
    return;
  }
  const { draw, json, svg } = command;
  let result = joinResults(await Promise.all(draw.map(async (path) => JSON.parse(await readFile(path, 'utf8')) as Result)));
  if (!result) {
    await runAll(command, async (next) => {
      result = next;
      if (json !== undefined) await writeFile(json, `${JSON.stringify(next, null, 2)}\n`);
    });
  }
  if (!result) return;
  if (result.figures.length > 0) print(`\n${toReport(result.figures, result.runs)}`);
  if (svg !== undefined) await writePlots(svg, result);
}

// Exit on a signal, so that the `exit` handlers kill the servers that the benchmark has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await main(process.argv.slice(2));
