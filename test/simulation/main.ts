import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { type Ended, type Failure, historyOf, newProblems, runCampaign } from './campaign.js';
import { type History, type ThemeName, themeNames } from './history.js';
import { runMutations } from './mutations.js';
import { openSharedDatabase, playHistory } from './simulation.js';

/** sysexits(3) */
const EX_USAGE = 64;
const USAGE = `usage: npm run simulate -- [--histories N] [--seed S] [--workers W] [--failures N] [--no-shrink] [--theme T]
       npm run simulate -- --replay FILE | --replay-seed S [--theme T] [--verbose]
       npm run simulate -- --mutations [--histories N] [--seed S] [--only PART_OF_NAME]
`;
const PROGRESS_EVERY_MS = 15_000;

const print = (line: string) => void process.stdout.write(`${line}\n`);

function printFailure({ seed, problems, history }: Failure, folder: string): void {
  const file = join(folder, `history-${seed}.json`);
  writeFileSync(file, JSON.stringify(history));
  print(`FAILED: seed ${seed}; ${history.steps.length} steps are left after shrinking`);
  for (const problem of problems) print(`  ${problem}`);
  print(`  ${JSON.stringify(history.circumstances)}`);
  for (const step of history.steps) print(`  ${JSON.stringify(step)}`);
  print(`  replay: npm run simulate -- --replay ${file} --verbose`);
}

interface CampaignInput {
  readonly histories: number;
  readonly seed: number;
  readonly workers: number;
  readonly maxFailures: number;
  readonly isShrinking: boolean;
  readonly theme: ThemeName | undefined;
}

async function runAll(input: CampaignInput): Promise<number> {
  const startedAtMs = performance.now();
  const sums: Record<string, number> = { steps: 0 };
  let played = 0;
  let failed = 0;
  let folder: string | undefined;
  let printedAtMs = startedAtMs;
  const perMinute = () => Math.round((played / (performance.now() - startedAtMs)) * 60_000);
  const onEnded = ({ steps, counts, failure }: Ended) => {
    played += 1;
    for (const [name, count] of Object.entries({ steps, ...counts })) sums[name] = (sums[name] ?? 0) + count;
    if (failure) {
      failed += 1;
      folder ??= mkdtempSync(join(tmpdir(), 'simulation-'));
      printFailure(failure, folder);
    }
    if (performance.now() - printedAtMs < PROGRESS_EVERY_MS) return;
    printedAtMs = performance.now();
    print(`${played} histories, ${failed} failed, ${perMinute()} per minute`);
  };
  await runCampaign({ ...input, onEnded });
  print(`seed ${input.seed}: ${played} histories, ${failed} failed, ${perMinute()} per minute`);
  print(
    `in all: ${Object.entries(sums)
      .map(([name, sum]) => `${sum} ${name}`)
      .join(', ')}`,
  );
  return failed === 0 ? 0 : 1;
}

async function replay(history: History, isVerbose: boolean): Promise<number> {
  const outcome = await playHistory(history, await openSharedDatabase(), isVerbose ? print : undefined);
  for (const note of outcome.notes) print(`note ${note}`);
  for (const problem of outcome.problems) print(problem);
  print(JSON.stringify(outcome.counts));
  return newProblems(outcome).length === 0 ? 0 : 1;
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      histories: { type: 'string', default: '100' },
      seed: { type: 'string' },
      workers: { type: 'string', default: String(Math.min(4, availableParallelism())) },
      failures: { type: 'string', default: '2' },
      'no-shrink': { type: 'boolean', default: false },
      replay: { type: 'string' },
      'replay-seed': { type: 'string' },
      verbose: { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      theme: { type: 'string' },
      only: { type: 'string', default: '' },
    },
  });
  return values;
}

const usageError = (message: string): Error => Object.assign(new TypeError(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });

const isUsageError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');

async function main(): Promise<number> {
  const values = readArguments();
  const { verbose } = values;
  const theme = themeNames.find((name) => name === values.theme);
  if (values.theme !== undefined && !theme) throw usageError(`Unknown theme; choose one of: ${themeNames.join(', ')}`);
  if (values.replay !== undefined) return replay(JSON.parse(readFileSync(values.replay, 'utf8')) as History, verbose);
  if (values['replay-seed'] !== undefined) return replay(historyOf(Number(values['replay-seed']), theme), verbose);
  const seed = Number(values.seed ?? Math.trunc(Math.random() * 2 ** 31));
  const input = {
    histories: Number(values.histories),
    seed,
    workers: Number(values.workers),
    maxFailures: Number(values.failures),
    isShrinking: !values['no-shrink'],
    theme,
  };
  if (![input.histories, seed, input.workers, input.maxFailures].every(Number.isSafeInteger)) throw usageError('Not a number');
  return values.mutations ? runMutations(input, print, values.only) : runAll(input);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!isUsageError(error)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}`);
  process.exitCode = EX_USAGE;
}
