import type { ReceivedCall } from '../../test/support/sandbox-control.js';
import type { BenchOptions } from '../bench.js';
import { type LoadResult, percentile, sendAtRate, toCurve } from '../hooks/hook-load.js';
import { median } from '../numbers.js';
import { MirroredService } from './mirrored-service.js';

/** Hooks of the comparison: each waits for the quiet time of its push, as a single change does. */
const PER_SECOND = 20;

/** Processor time of the service for one event, in ms. */
async function measureRound(mirrored: MirroredService, durationMs: number): Promise<number> {
  const { account, target } = mirrored;
  const before = mirrored.cpuMs();
  const { latenciesMs } = await sendAtRate(target, account.accountId, PER_SECOND, durationMs);
  await account.untilQuiet();
  return (mirrored.cpuMs() - before) / latenciesMs.length;
}

/** Starts one service after the other. After a failure it stops those that it has started. */
async function startAll(sizes: readonly number[]): Promise<MirroredService[]> {
  const started: MirroredService[] = [];
  try {
    for (const size of sizes) started.push(await MirroredService.start(size));
    return started;
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

const stopAll = (services: readonly MirroredService[]) => Promise.allSettled(services.map(({ service }) => service.stop()));

/** The services take turns. The first round is not counted. Returns the costs of one event for each round, in the order of the services. */
async function measureRounds(services: readonly MirroredService[], isQuick: boolean): Promise<number[][]> {
  const [rounds, durationMs] = isQuick ? [1, 1_000] : [5, 6_000];
  const seen: number[][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const costs: number[] = [];
    for (const mirrored of services) costs.push(await measureRound(mirrored, durationMs));
    if (round > 0) seen.push(costs);
  }
  return seen;
}

async function compareMirrors(services: readonly MirroredService[], { isQuick, print, report, plot }: BenchOptions): Promise<void> {
  const seen = await measureRounds(services, isQuick);
  const points = services.map(({ target: { contacts = 0 } }, index) => ({
    x: contacts,
    y: median(seen.map((costs) => costs[index] ?? Number.NaN)),
  }));
  for (const { x, y } of points) {
    print(`processor time of one event: ${y.toFixed(2)} ms with ${x} contacts`);
    report({ bench: 'event', name: `processor time of one event with ${x} contacts`, value: y, unit: 'ms' });
  }
  plot({ plot: 'event', panel: 'API, worker and queue', name: 'one event', points });
  const ratio = median(seen.map((costs) => (costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN)));
  const name = `processor time, ${points.at(-1)?.x} ÷ ${points[0]?.x} contacts`;
  report({ bench: 'event', name, value: ratio, unit: '×', goal: { atMost: 1.5 } });
}

type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** From the time at which each hook was due until the call that carried its address, in ms, in ascending order. */
function toCallLatencies({ dueAtMs }: LoadResult, calls: readonly ReceivedCall[]): number[] {
  const latencies = new Map<string, number>();
  for (const { at_ms: atMs, body } of calls) {
    for (const { 0: email = '' } of Object.values((body as { data?: Rows }).data ?? {})) {
      const due = dueAtMs.get(email);
      if (due !== undefined && atMs >= due && !latencies.has(email)) latencies.set(email, atMs - due);
    }
  }
  return [...latencies.values()].sort((a, b) => a - b);
}

async function measureLatency({ service, account, target }: MirroredService, perSecond: number, options: BenchOptions): Promise<void> {
  const { control } = service.processes;
  await control.forgetCalls();
  // More contacts than hooks: no contact changes twice.
  const load = await sendAtRate({ ...target, contacts: 100_000 }, account.accountId, perSecond, options.isQuick ? 1_000 : 20_000);
  await account.untilQuiet();
  const latenciesMs = toCallLatencies(load, await control.calls('importContacts'));
  const [p50, p99] = [percentile({ latenciesMs }, 0.5), percentile({ latenciesMs }, 0.99)];
  options.print(
    `hook to Unisender at ${perSecond} hooks/s: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${latenciesMs.length} hooks`,
  );
  options.report({ bench: 'event', name: `hook to Unisender at ${perSecond}/s: p50`, value: p50, unit: 'ms' });
  options.report({ bench: 'event', name: `hook to Unisender at ${perSecond}/s: p99`, value: p99, unit: 'ms' });
  options.plot({ plot: 'unisender', panel: 'SQLite', name: `${perSecond} hooks/s`, points: toCurve({ latenciesMs }) });
}

/** Compares the cost of one event with mirrors of several sizes, and measures the time from a hook to the call to Unisender. */
export async function runEventBench(options: BenchOptions): Promise<void> {
  const sizes = options.isQuick ? [1_000, 10_000] : [1_000, 10_000, 100_000, 1_000_000];
  const services = await startAll(sizes);
  try {
    await compareMirrors(services, options);
    for (const perSecond of options.isQuick ? [100] : [10, 100, 500]) {
      for (const smallest of services.slice(0, 1)) await measureLatency(smallest, perSecond, options);
    }
  } finally {
    await stopAll(services);
  }
}
