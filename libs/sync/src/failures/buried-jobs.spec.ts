import { describe, expect, it } from '@jest/globals';
import type { FailureRow } from '#database';
import type { SyncContext } from '../context.js';
import { BuriedJobs } from './buried-jobs.js';

function createBuriedJobs() {
  const failures: Omit<FailureRow, 'failureId'>[] = [];
  const ended: { runId: string; reason: string }[] = [];
  const context = { clock: { nowMs: () => 5 }, stores: { failures: { add: async (failure: FailureRow) => failures.push(failure) } } };
  const runs = { fail: async (runId: string, reason: string) => void ended.push({ runId, reason }) };
  return { jobs: new BuriedJobs(context as unknown as SyncContext, runs), failures, ended };
}

const server = '127.0.0.1:11300';
const reason = { code: 'kommo_rejected', reason: 'no' };

describe('BuriedJobs', () => {
  it('keeps what was buried, under its account', async () => {
    const { jobs, failures, ended } = createBuriedJobs();
    await jobs.keep({ tube: 'contacts', server, jobId: '12', body: '{"account_id":7}', ...reason });
    expect(failures).toEqual([{ accountId: 7, tube: 'contacts', jobId: 12, payload: '{"account_id":7}', failedAt: 5, ...reason }]);
    expect(ended).toEqual([]);
  });

  it('ends the run that nobody carries on any more', async () => {
    const { jobs, ended } = createBuriedJobs();
    await jobs.keep({ tube: 'imports', server, jobId: '12', body: '{"run_id":"r","account_id":7}', ...reason });
    expect(ended).toEqual([{ runId: 'r', reason: 'kommo_rejected: no' }]);
  });

  it.each(['', 'text', '[1]', 'null', '{"account_id":"x"}', '{"account_ids":[1,2]}'])(
    'keeps the body %p of no one account',
    async (body) => {
      const { jobs, failures } = createBuriedJobs();
      await jobs.keep({ tube: 'imports', server, jobId: '1', body, ...reason });
      expect(failures).toMatchObject([{ accountId: null, payload: body }]);
    },
  );
});
