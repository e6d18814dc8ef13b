import type { ReceivedCall } from '../../test/support/sandbox-control.js';
import type { BenchOptions } from '../bench.js';
import { type LoadResult, percentile, sendAtRate } from '../hooks/hook-load.js';
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

/** The two services take turns. The first round is not counted. */
async function compareMirrors(few: number, many: number, { isQuick, print, report }: BenchOptions): Promise<void> {
  const small = await MirroredService.start(few);
  const large = await MirroredService.start(many).catch(async (error: unknown) => {
    await small.service.stop();
    throw error;
  });
  try {
    const [rounds, durationMs] = isQuick ? [1, 1_000] : [7, 10_000];
    const seen: { small: number; large: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const costs = { small: await measureRound(small, durationMs), large: await measureRound(large, durationMs) };
      if (round > 0) seen.push(costs);
    }
    const [smallMs, largeMs] = [median(seen.map((costs) => costs.small)), median(seen.map((costs) => costs.large))];
    print(`processor time of one event: ${smallMs.toFixed(2)} ms with ${few} contacts, ${largeMs.toFixed(2)} ms with ${many}`);
    report({ bench: 'event', name: `processor time of one event with ${few} contacts`, value: smallMs, unit: 'ms' });
    report({ bench: 'event', name: `processor time of one event with ${many} contacts`, value: largeMs, unit: 'ms' });
    const ratio = median(seen.map((costs) => costs.large / costs.small));
    report({ bench: 'event', name: `processor time, ${many} ÷ ${few} contacts`, value: ratio, unit: '×', goal: { atMost: 1.5 } });
    for (const perSecond of isQuick ? [100] : [10, 100, 500]) await measureLatency(small, perSecond, { isQuick, print, report });
  } finally {
    await Promise.allSettled([small.service.stop(), large.service.stop()]);
  }
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
}

/** Compares the cost of one event with a small and a large mirror, and measures the time from a hook to the call to Unisender. */
export async function runEventBench(options: BenchOptions): Promise<void> {
  await compareMirrors(1_000, options.isQuick ? 10_000 : 1_000_000, options);
}
