import type { BenchOptions } from '../bench.js';
import { peakMiBOf } from '../process-figures.js';
import { BenchService } from '../service/bench-service.js';
import { measureImport } from './measured-import.js';

async function measurePeak(contacts: number, print: BenchOptions['print']): Promise<number> {
  const service = await BenchService.start();
  try {
    const startMiB = peakMiBOf(service.workerPid);
    const { elapsedMs } = await measureImport(service, await service.addAccount(contacts));
    const peakMiB = peakMiBOf(service.workerPid);
    print(`${contacts} contacts: peak ${peakMiB.toFixed(0)} MiB (${startMiB.toFixed(0)} before), ${(elapsedMs / 1_000).toFixed(1)} s`);
    return peakMiB;
  } finally {
    await service.stop();
  }
}

/** Compares the peak of the worker's resident memory during imports of several sizes, each by a new worker. */
export async function runMemoryBench({ isQuick, print, report, plot }: BenchOptions): Promise<void> {
  const [few, middle, many] = isQuick ? ([2_000, 5_000, 10_000] as const) : ([10_000, 100_000, 1_000_000] as const);
  const small = await measurePeak(few, print);
  const medium = await measurePeak(middle, print);
  const large = await measurePeak(many, print);
  const points = [
    { x: few, y: small },
    { x: middle, y: medium },
    { x: many, y: large },
  ];
  plot({ plot: 'memory', panel: 'import without limits', name: 'worker', points });
  report({ bench: 'memory', name: `peak, ${many} ÷ ${few} contacts`, value: large / small, unit: '×', goal: { atMost: 1.3 } });
  report({ bench: 'memory', name: `peak, ${many} contacts`, value: large, unit: 'MiB', goal: { atMost: 200 } });
}
