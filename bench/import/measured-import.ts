import type { RunData } from '../../test/support/service-account.js';
import type { ServiceAccount } from '../../test/support/service-account.js';
import { cpuMsOf } from '../process-figures.js';
import type { BenchService } from '../service/bench-service.js';

/** What an import of the service took. */
export interface MeasuredImport {
  readonly contacts: number;
  readonly elapsedMs: number;
  /** Processor time of the worker. */
  readonly workerCpuMs: number;
  /** Processor time of the emulated vendors. */
  readonly vendorsCpuMs: number;
}

/** Imports all contacts of an account: from the request that saves the key until the run is completed. */
export async function measureImport(service: BenchService, account: ServiceAccount): Promise<MeasuredImport> {
  const [workerBefore, vendorsBefore] = [cpuMsOf(service.workerPid), cpuMsOf(service.processes.sandboxPid)];
  const startedAt = performance.now();
  const { state, read, error, run_id } = await untilEnded(account, await account.saveKey());
  const elapsedMs = performance.now() - startedAt;
  if (state !== 'completed') throw new Error(`the import ${run_id} is ${state}: ${error}`);
  const workerCpuMs = cpuMsOf(service.workerPid) - workerBefore;
  return { contacts: read, elapsedMs, workerCpuMs, vendorsCpuMs: cpuMsOf(service.processes.sandboxPid) - vendorsBefore };
}

/** A million contacts take longer than the time limit of one wait. */
async function untilEnded(account: ServiceAccount, runId: string): Promise<RunData> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await account.untilEnded(runId);
    } catch (error) {
      if (waits === 20) throw error;
    }
  }
}
