import { parseArgs } from 'node:util';
import { systemClock } from '#clock';
import { onStopSignals } from '#config';
import { Table } from '../../bench/table.js';
import { hasMariaDb } from '../support/mariadb-process.js';
import { Cluster } from './cluster.js';
import { type Observation, type TrialResult, Trials } from './trials.js';

/** sysexits(3) */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const DEFAULT_HOOKS_PER_SECOND = 100;

const usage = `usage: npm run cluster -- [--rolling-restart | --kill-each] [--hooks N]
  without an option: runs the cluster until Ctrl-C
  --rolling-restart  restarts one API and one worker at a time while webhooks arrive, then ends
  --kill-each        the same, then kills each part with SIGKILL and starts it again
  --hooks N          webhooks per second, ${DEFAULT_HOOKS_PER_SECOND} by default
`;

const print = (line: string) => process.stdout.write(`${line}\n`);
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

const options = { 'rolling-restart': { type: 'boolean' }, 'kill-each': { type: 'boolean' }, hooks: { type: 'string' } } as const;

function read(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch {
    return undefined;
  }
}

function showAddresses(cluster: Cluster): void {
  for (const { name, address } of cluster.parts) print(`${name.padEnd(10)} ${address ?? 'running'}`);
  print(`vendors    ${cluster.sandboxUrl}/sandbox`);
  print(`console    ${cluster.url}/console/, operator token ${cluster.operatorToken}`);
  print(`folder     ${cluster.folder}`);
}

const table = new Table(
  ['part', 'action', 'not 200', 'serves after', 'pushed after'],
  ['balancer', 'kill -9', '10000', '100.0 s', '100.0 s'],
);

function showObservation({ part, action, refused, servedAfterMs, pushedAfterMs }: Observation): void {
  print(table.row([part, action, String(refused), seconds(servedAfterMs), seconds(pushedAfterMs)]));
}

/** Prints the result. Returns the exit code. */
function judge({ observations, sent, results, acknowledged, lost }: TrialResult): number {
  const refused = observations.filter(({ action }) => action === 'restart').reduce((sum, each) => sum + each.refused, 0);
  print(`\nwebhooks: ${sent} requests (${results}), ${acknowledged} with 200`);
  print(`not 200 during the rolling restart: ${refused}; must be 0`);
  print(`lost events: ${lost.length}; must be 0${lost.length > 0 ? `: ${lost.slice(0, 10).join(', ')}` : ''}`);
  return refused === 0 && lost.length === 0 ? 0 : 1;
}

async function runTrials(cluster: Cluster, isKilling: boolean, hooksPerSecond: number): Promise<number> {
  print(`\n${hooksPerSecond} webhooks per second\n${table.head()}`);
  const partsToKill = isKilling ? cluster.parts : [];
  return judge(await Trials.run(cluster, { hooksPerSecond, partsToKill, onObservation: showObservation }));
}

const stopping = new AbortController();
const killing = new AbortController();
onStopSignals(
  systemClock,
  () => stopping.abort(),
  () => killing.abort(),
);

const aborted = (signal: AbortSignal) =>
  new Promise<'aborted'>((resolve) => signal.addEventListener('abort', () => resolve('aborted'), { once: true }));

function showError(error: unknown): number {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** Stops the cluster cleanly; a second Ctrl-C kills it. Returns the exit code. */
async function stop(cluster: Cluster): Promise<number> {
  const stopped = cluster.stop().then(() => 0, showError);
  const exitCode = await Promise.race([stopped, aborted(killing.signal)]);
  if (exitCode !== 'aborted') return exitCode;
  await cluster.kill();
  return 1;
}

/** Runs the trials. Returns the exit code. Ctrl-C kills the cluster, because webhooks still arrive. */
async function tryOut(cluster: Cluster, isKilling: boolean, hooksPerSecond: number): Promise<number> {
  const failed = (error: unknown) => (stopping.signal.aborted ? 1 : showError(error));
  const result = await Promise.race([runTrials(cluster, isKilling, hooksPerSecond).catch(failed), aborted(stopping.signal)]);
  if (result !== 'aborted') return (await stop(cluster)) || result;
  await cluster.kill();
  return 1;
}

async function main(words: readonly string[]): Promise<number> {
  const values = read(words);
  const hooksPerSecond = Number(values?.hooks ?? DEFAULT_HOOKS_PER_SECOND);
  if (!values || !Number.isInteger(hooksPerSecond) || hooksPerSecond < 1) {
    process.stderr.write(usage);
    return EX_USAGE;
  }
  if (!hasMariaDb()) {
    process.stderr.write('mariadb-server is not installed: apt-get install mariadb-server\n');
    return EX_UNAVAILABLE;
  }
  const isKilling = values['kill-each'] ?? false;
  print('Starting MariaDB, the queue, two APIs, two workers, a balancer and the emulated vendors …');
  const cluster = await Cluster.start({ signal: stopping.signal });
  showAddresses(cluster);
  if (isKilling || values['rolling-restart']) return tryOut(cluster, isKilling, hooksPerSecond);
  print('\nIt runs until Ctrl-C.');
  await aborted(stopping.signal);
  return stop(cluster);
}

// Timers of an interrupted trial may still run.
process.exit(await main(process.argv.slice(2)).catch((error: unknown) => (stopping.signal.aborted ? 1 : showError(error))));
