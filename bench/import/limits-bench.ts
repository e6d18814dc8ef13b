import type { BenchOptions } from '../bench.js';
import { BenchService } from '../service/bench-service.js';
import { measureImport } from './measured-import.js';

const CONTACTS_PER_PAGE = 250;
const REQUESTS_PER_SECOND = 7;
/** The vendors' limits, which are also the service's defaults. */
const env = {
  KOMMO_REQUESTS_PER_SECOND: `${REQUESTS_PER_SECOND}`,
  KOMMO_ACCOUNT_REQUESTS_PER_SECOND: `${REQUESTS_PER_SECOND}`,
  UNISENDER_REQUESTS_PER_MINUTE: '1200',
  UNISENDER_TOTAL_REQUESTS_PER_MINUTE: '1200',
  UNISENDER_TOTAL_EXPORTS_PER_MINUTE: '20',
};
const switches = {
  'kommo.requests_per_second': REQUESTS_PER_SECOND,
  'unisender.requests_per_minute': 1_200,
  'unisender.export_per_minute': 20,
};

/** Compares an import under the limits of the vendors with the time that these alone take: pages ÷ 7 per second. */
export async function runLimitsBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const contacts = isQuick ? 5_000 : 100_000;
  const service = await BenchService.start({ env, switches });
  try {
    const { elapsedMs, workerCpuMs } = await measureImport(service, await service.addAccount(contacts));
    const leastMs = (contacts / CONTACTS_PER_PAGE / REQUESTS_PER_SECOND) * 1_000;
    print(`${contacts} contacts, limits on: ${(elapsedMs / 1_000).toFixed(1)} s, the limit alone takes ${(leastMs / 1_000).toFixed(1)} s`);
    print(`processor time of the worker: ${(workerCpuMs / 1_000).toFixed(1)} s`);
    report({ bench: 'limits', name: `time ÷ limit, ${contacts} contacts`, value: elapsedMs / leastMs, unit: '×', goal: { atMost: 1.1 } });
  } finally {
    await service.stop();
  }
}
