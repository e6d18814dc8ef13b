import { describe, expect, it } from '@jest/globals';
import type { FailureEntity } from '#database';
import type { Alert } from '#domain';
import type { SyncContext } from '../context.js';
import { BuriedJobs } from './buried-jobs.js';

function createBuriedJobs() {
  const failures: Omit<FailureEntity, 'failureId'>[] = [];
  const raised: string[] = [];
  const ended: { runId: string; code: string; reason: string }[] = [];
  const stores = {
    failures: { add: async (failure: FailureEntity) => failures.push(failure) },
    alerts: { raise: async ({ key }: Alert) => raised.push(key) },
    leases: { markBuried: async () => {} },
  };
  const database = { transaction: (work: () => Promise<void>) => work() };
  const context = { clock: { nowMs: () => 5 }, database, stores };
  const runs = { fail: async (runId: string, failure: { code: string; reason: string }) => void ended.push({ runId, ...failure }) };
  return { jobs: new BuriedJobs(context as unknown as SyncContext, runs), failures, raised, ended };
}

const server = '127.0.0.1:11300';
const reason = { code: 'kommo_rejected', reason: 'no' } as const;

describe('BuriedJobs', () => {
  it('keeps what was buried, under its account', async () => {
    const { jobs, failures, ended } = createBuriedJobs();
    await jobs.record({ tube: 'contacts', server, jobId: '12', body: '{"account_id":7}', ...reason });
    expect(failures).toEqual([{ accountId: 7, tube: 'contacts', jobId: 12, payload: '{"account_id":7}', failedAt: 5, ...reason }]);
    expect(ended).toEqual([]);
  });

  it('raises one alert for jobs that are buried alike', async () => {
    const { jobs, raised } = createBuriedJobs();
    for (const jobId of ['12', '13']) await jobs.record({ tube: 'contacts', server, jobId, body: '{"account_id":7}', ...reason });
    expect(new Set(raised)).toEqual(new Set(['jobs_buried:contacts:kommo_rejected:0']));
  });

  it('ends the run that nobody carries on any more', async () => {
    const { jobs, ended } = createBuriedJobs();
    await jobs.record({ tube: 'imports', server, jobId: '12', body: '{"run_id":"r","account_id":7}', ...reason });
    expect(ended).toEqual([{ runId: 'r', ...reason }]);
  });

  it.each(['', 'text', '[1]', 'null', '{"account_id":"x"}', '{"account_ids":[1,2]}'])(
    'keeps the body %p of no one account',
    async (body) => {
      const { jobs, failures } = createBuriedJobs();
      await jobs.record({ tube: 'imports', server, jobId: '1', body, ...reason });
      expect(failures).toMatchObject([{ accountId: null, payload: body }]);
    },
  );
});
