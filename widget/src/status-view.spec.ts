import { describe, expect, it } from '@jest/globals';
import type { Run, Status } from './service';
import { toStatusView } from './status-view';
import { Translator } from './translator';

/** Without texts every key is shown as it is, except for one with a value. */
const translator = new Translator({ locale: { code: 'en' }, attention: { webhook_missing: 'missing', run_waiting: '{count}' } });

const run: Run = {
  run_id: 'r1',
  mode: 'import',
  state: 'completed',
  read: 3,
  total_estimate: 3,
  eta_seconds: null,
  finished_at: '2026-11-01T10:00:00.000Z',
  planned_removals: 0,
  samples: [],
};

const status: Status = {
  name: 'Company',
  status: 'active',
  connected: true,
  unisender_key: '***',
  unisender_key_problem: null,
  list_id: 1,
  list_title: 'Kommo 1',
  webhook: 'active',
  settings: {},
  contacts: { total: 3, in_sync: 3, excluded: 0, failing: 0 },
  last_event_at: null,
  last_run: run,
  paused: null,
  attention: [],
};

const view = (changes: Partial<Status>) => toStatusView({ ...status, ...changes }, translator);

describe('toStatusView', () => {
  it.each<[string, Partial<Status>, string, string]>([
    ['not connected', { connected: false, status: 'pending_authorization' }, 'off', 'status.connect_needed'],
    ['without a key', { unisender_key: null, last_run: null }, 'off', 'status.key_needed'],
    ['waiting to start', { last_run: { ...run, state: 'queued' } }, 'busy', 'status.queued'],
    ['importing', { last_run: { ...run, state: 'running' } }, 'busy', 'status.importing'],
    ['comparing', { last_run: { ...run, mode: 'reconcile', state: 'running' } }, 'busy', 'status.reconciling'],
    ['with a failed run', { last_run: { ...run, state: 'failed' } }, 'bad', 'status.attention'],
    ['with a refused key', { unisender_key_problem: 'invalid_api_key' }, 'bad', 'status.attention'],
    ['suspended', { connected: false, status: 'suspended' }, 'bad', 'status.attention'],
    ['sending', { contacts: { ...status.contacts, waiting: 1 } }, 'busy', 'status.sending'],
    ['in sync', {}, 'good', 'status.in_sync_since'],
    ['in sync without any event', { last_run: null }, 'good', 'status.in_sync'],
  ])('shows an account that is %s', (_name, changes, tone, headline) => {
    expect(view(changes)).toMatchObject({ tone, headline });
  });

  it('offers to connect an account that is not authorised, but not a suspended one', () => {
    expect(view({ connected: false, status: 'reauthorization_required' }).needsConnection).toBe(true);
    expect(view({ connected: false, status: 'suspended' }).needsConnection).toBe(false);
  });

  it('shows the progress of a run, at most 100 %', () => {
    const running = { ...run, state: 'running', read: 150, total_estimate: 100, eta_seconds: 90 };
    expect(view({ last_run: running }).progress).toMatchObject({ percent: 100, eta: 'status.eta' });
    expect(view({ last_run: { ...running, read: 25 } }).progress).toMatchObject({ percent: 25 });
    expect(view({ last_run: { ...running, total_estimate: null } }).progress).toMatchObject({ percent: null });
  });

  it('shows no buttons to a user who may only read', () => {
    const failing = { ...status, contacts: { ...status.contacts, failing: 1 } };
    expect(toStatusView(failing, translator)).toMatchObject({ hasActions: true, hasFailures: true });
    expect(toStatusView(failing, translator, { isReadOnly: true })).toMatchObject({ hasActions: false, hasFailures: false });
  });

  it('names each problem once; an unknown code too', () => {
    expect(view({ webhook: 'missing', attention: ['webhook_missing', 'new_code'] }).problems).toEqual(['missing', 'attention.other']);
  });

  it('shows the removals that wait for a confirmation, with samples', () => {
    const waiting = { ...run, state: 'waiting_for_confirmation', planned_removals: 1200, samples: ['a@example.org'] };
    expect(view({ last_run: waiting })).toMatchObject({
      tone: 'bad',
      problems: ['1,200'],
      waitingRun: { id: 'r1', samples: ['a@example.org'] },
    });
  });
});
