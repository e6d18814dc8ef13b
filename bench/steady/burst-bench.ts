import type { BenchOptions } from '../bench.js';
import { sendBurst } from '../hooks/hook-load.js';
import { MirroredService } from './mirrored-service.js';

const ROWS_PER_CALL = 500;

/** Counts the calls to the vendors that a burst of hooks causes, each about another contact of the mirror. */
export async function runBurstBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const updates = isQuick ? 1_000 : 10_000;
  const mirrored = await MirroredService.start(updates);
  const { service, account, target } = mirrored;
  const { control } = service.processes;
  try {
    await control.forgetCalls();
    const cpuBefore = mirrored.cpuMs();
    const startedAt = performance.now();
    const { perSecond, failed } = await sendBurst(target, account.accountId, updates);
    await account.untilQuiet();
    const seconds = (performance.now() - startedAt) / 1_000;
    const calls = await control.calls();
    const kommo = calls.filter((call) => call.target === 'kommo').length;
    const unisender = calls.length - kommo;
    print(`${updates} updates at ${perSecond.toFixed(0)}/s, ${failed} failed; all pushed after ${seconds.toFixed(1)} s`);
    print(`processor time of the service: ${((mirrored.cpuMs() - cpuBefore) / updates).toFixed(2)} ms per update`);
    print(`calls: ${unisender} to Unisender, ${kommo} to Kommo`);
    const least = updates / ROWS_PER_CALL;
    report({ bench: 'burst', name: `Unisender calls ÷ ${least}`, value: unisender / least, unit: '×', goal: { atMost: 1.2 } });
    report({ bench: 'burst', name: 'Kommo calls', value: kommo, unit: 'calls', goal: { atMost: 0 } });
  } finally {
    await service.stop();
  }
}
