import { describe, expect, it } from '@jest/globals';
import type { RunEntity } from '#database';
import { toRunView } from './run-view.js';

const STARTED = Date.UTC(2026, 0, 1);

const run: RunEntity = {
  runId: 'r',
  accountId: 7,
  activeAccountId: 7,
  mode: 'import',
  trigger: 'operator',
  state: 'running',
  phase: 'read',
  page: 2,
  cursorContactId: 500,
  pass: 1,
  exportTask: null,
  read: 500,
  created: 480,
  updated: 10,
  deleted: 0,
  rejected: 5,
  unchanged: 5,
  totalEstimate: 2_000,
  confirmed: false,
  plannedRemovals: null,
  samples: null,
  gapNumber: null,
  error: null,
  heartbeatAt: STARTED,
  createdAt: STARTED - 1_000,
  startedAt: STARTED,
  finishedAt: null,
};

describe('toRunView', () => {
  it('shows progress and times of a run, and nothing of its checkpoint', () => {
    expect(toRunView(run, STARTED + 10_000)).toEqual({
      run_id: 'r',
      account_id: 7,
      mode: 'import',
      trigger: 'operator',
      state: 'running',
      page: 2,
      read: 500,
      created: 480,
      updated: 10,
      deleted: 0,
      rejected: 5,
      unchanged: 5,
      total_estimate: 2_000,
      eta_seconds: 30,
      planned_removals: 0,
      samples: [],
      started_at: '2026-01-01T00:00:00.000Z',
      finished_at: null,
      error: null,
    });
  });

  it.each<[Partial<RunEntity>, number | null, number | null]>([
    [{ totalEstimate: null }, null, null],
    [{ totalEstimate: 400 }, 500, 1],
    [{ phase: 'verify' }, 500, 1],
    [{ pass: 2 }, 500, 1],
    [{ phase: 'verify', read: 0, totalEstimate: 60 }, 60, null],
  ])('shows a total that is never less than what was read, and no time left of 0: %j', (change, total, eta) => {
    const { total_estimate, eta_seconds } = toRunView({ ...run, ...change }, STARTED + 10_000);
    expect([total_estimate, eta_seconds]).toEqual([total, eta]);
  });

  it.each<Partial<RunEntity>>([{ state: 'queued', startedAt: null }, { state: 'completed' }, { state: 'waiting_for_confirmation' }])(
    'estimates no time left for a run that does not move: %j',
    (change) => {
      expect(toRunView({ ...run, ...change }, STARTED + 10_000).eta_seconds).toBeNull();
    },
  );
});
