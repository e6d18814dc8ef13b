import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ServiceAccount } from '../../test/support/service-account.js';
import type { ServiceProcesses } from '../../test/support/service-processes.js';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { BenchService } from '../service/bench-service.js';
import { Table } from '../table.js';
import type { BareImport, BareResult } from './bare-import.js';
import { type MeasuredImport, measureImport } from './measured-import.js';

const BARE_IMPORT = fileURLToPath(new URL('./bare-import.js', import.meta.url));
const BARE_CLIENT = { client_id: 'bare', client_secret: 'secret-of-the-bare-import', redirect_uri: 'https://bare.example/auth' };

/** Allows another integration for the same Kommo account. Returns what its code exchange sends. */
async function allowBare({ control }: ServiceProcesses, { accountId }: ServiceAccount): Promise<BareImport['exchange']> {
  await control.post('/kommo/integrations', BARE_CLIENT);
  const consent = { client_id: BARE_CLIENT.client_id, state: 'bare' };
  const { redirect } = await control.post<{ redirect: string }>(`/kommo/accounts/${accountId}/consent`, consent);
  return { ...BARE_CLIENT, grant_type: 'authorization_code', code: new URL(redirect).searchParams.get('code') ?? '' };
}

/** Prepares a Unisender account of its own for the bare program, so that both put every address on a list for the first time. */
async function prepareBare(processes: ServiceProcesses, account: ServiceAccount, round: number): Promise<BareImport> {
  const kommoHost = `company${account.accountId}.kommo.com`;
  const unisenderKey = `bare-${account.accountId}-${round}-0123456789abcdef`;
  await processes.control.post('/unisender/accounts', { api_key: unisenderKey, login: `bare${account.accountId}.${round}@example.org` });
  const { id } = await processes.control.post<{ id: number }>(`/unisender/accounts/${unisenderKey}/lists`, { title: 'Bare' });
  const exchange = await allowBare(processes, account);
  return { vendorsUrl: processes.sandboxUrl, kommoHost, exchange, unisenderKey, listId: id };
}

async function runBare(bare: BareImport): Promise<BareResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [BARE_IMPORT, JSON.stringify(bare)]);
  return JSON.parse(stdout) as BareResult;
}

const heads = ['round', 'contacts/s', 'bare', 'ratio', 'worker s', 'vendors s', 'bare s', 'ratio of processor time'];
const widest = ['00', '10000', '10000', '0.00', '000.0', '000.0', '000.0', '0.00'];
const toRow = (round: number, ours: MeasuredImport, bare: BareResult) => [
  `${round}`,
  ((ours.contacts * 1_000) / ours.elapsedMs).toFixed(0),
  ((bare.contacts * 1_000) / bare.elapsedMs).toFixed(0),
  (bare.elapsedMs / ours.elapsedMs).toFixed(2),
  (ours.workerCpuMs / 1_000).toFixed(1),
  (ours.vendorsCpuMs / 1_000).toFixed(1),
  (bare.cpuMs / 1_000).toFixed(1),
  (bare.cpuMs / ours.workerCpuMs).toFixed(2),
];

/**
 * Compares an import without limits with a loop that fetches the same pages and posts the same rows, both against the same emulated
 * vendors in a process of their own. Each round has a new account.
 */
export async function runImportBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const [contacts, rounds] = isQuick ? [2_000, 1] : [40_000, 3];
  const service = await BenchService.start();
  const ratios: { time: number; cpu: number; best: number }[] = [];
  try {
    const table = new Table(heads, widest);
    print(`${contacts} contacts, limits off\n\n${table.head()}`);
    for (let round = 1; round <= rounds; round += 1) {
      const account = await service.addAccount(contacts);
      const bare = await runBare(await prepareBare(service.processes, account, round));
      const ours = await measureImport(service, account);
      if (bare.contacts !== ours.contacts) throw new Error(`${bare.contacts} contacts read, the service read ${ours.contacts}`);
      print(table.row(toRow(round, ours, bare)));
      const leastMs = Math.max((ours.workerCpuMs + ours.vendorsCpuMs) / availableParallelism(), ours.vendorsCpuMs);
      ratios.push({
        time: bare.elapsedMs / ours.elapsedMs,
        cpu: bare.cpuMs / ours.workerCpuMs,
        best: bare.elapsedMs / leastMs,
      });
    }
  } finally {
    await service.stop();
  }
  const figure = { bench: 'import', unit: '×' } as const;
  report({ ...figure, name: 'contacts/s ÷ bare loop', value: median(ratios.map(({ time }) => time)), goal: { atLeast: 0.5 } });
  report({ ...figure, name: 'at best, worker and vendors on all cores ÷ bare loop', value: median(ratios.map(({ best }) => best)) });
  report({ ...figure, name: 'processor time of the bare loop ÷ worker', value: median(ratios.map(({ cpu }) => cpu)) });
}
