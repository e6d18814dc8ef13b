import { describe, expect, it } from '@jest/globals';
import type { AlertStore, Database, FailureEntity, FailureStore, LeaseStore } from '#database';
import type { Alert, Clock } from '#domain';
import type { RunTransitions } from '../runs/run-transitions.js';
import { BuriedJobs, JobFailures } from './buried-jobs.js';

function createBuriedJobs() {
  const failures: Omit<FailureEntity, 'failureId'>[] = [];
  const raised: string[] = [];
  const ended: { runId: string; code: string; reason: string }[] = [];
  const jobFailures = new JobFailures(
    { transaction: (work: () => Promise<void>) => work() } as unknown as Database,
    { add: async (failure: FailureEntity) => failures.push(failure) } as unknown as FailureStore,
    { raise: async ({ key }: Alert) => raised.push(key) } as unknown as AlertStore,
    { markBuried: async () => {} } as unknown as LeaseStore,
  );
  const fail = async (runId: string, failure: { code: string; reason: string }) => void ended.push({ runId, ...failure });
  const clock: Clock = { nowMs: () => 5, sleep: async () => {} };
  return { jobs: new BuriedJobs(jobFailures, { fail } as unknown as RunTransitions, clock), failures, raised, ended };
}

const server = '127.0.0.1:11300';
const reason = { code: 'kommo_rejected', reason: 'no' } as const;

describe('BuriedJobs', () => {
  it('stores a buried job under its account', async () => {
    const { jobs, failures, ended } = createBuriedJobs();
    await jobs.record({ tube: 'contacts', server, jobId: '12', body: '{"account_id":7}', ...reason });
    expect(failures).toEqual([
      { accountId: 7, tube: 'contacts', server: '127.0.0.1:11300', jobId: 12, payload: '{"account_id":7}', failedAt: 5, ...reason },
    ]);
    expect(ended).toEqual([]);
  });

  it('raises one alert for jobs with the same tube and code', async () => {
    const { jobs, raised } = createBuriedJobs();
    for (const jobId of ['12', '13']) await jobs.record({ tube: 'contacts', server, jobId, body: '{"account_id":7}', ...reason });
    expect(new Set(raised)).toEqual(new Set(['jobs_buried:contacts:kommo_rejected:0']));
  });

  it('fails the run of a buried job for imports', async () => {
    const { jobs, ended } = createBuriedJobs();
    await jobs.record({ tube: 'imports', server, jobId: '12', body: '{"run_id":"r","account_id":7}', ...reason });
    expect(ended).toEqual([{ runId: 'r', ...reason }]);
  });

  it.each(['', 'text', '[1]', 'null', '{"account_id":"x"}', '{"account_ids":[1,2]}'])(
    'stores the body %p without an account',
    async (body) => {
      const { jobs, failures } = createBuriedJobs();
      await jobs.record({ tube: 'imports', server, jobId: '1', body, ...reason });
      expect(failures).toMatchObject([{ accountId: null, payload: body }]);
    },
  );
});
