import { describe, expect, it } from '@jest/globals';
import { AccountStore, AlertStore, EventStore, FailureStore, RunStore } from '#database';
import { TransientError, alertKinds, alerts } from '#domain';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ApiScene } from './api-scene.js';

const ACCOUNT_ID = 32_000_001;
const unavailable = () => Promise.reject(new TransientError('unavailable', { code: 'queue_unavailable' }));

describe.each(testDatabaseKinds())('GET /metrics on %s', (kind) => {
  const databases = openTestDatabases(kind);

  const valuesOf = async (api: ApiScene): Promise<ReadonlyMap<string, number>> => {
    const { status, headers, text } = await api.sendAsOperator('GET', '/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
  };

  it('requires the operator', async () => {
    const api = await ApiScene.open({ database: await databases.open() });
    expect((await api.send('GET', '/metrics')).status).toBe(401);
  });

  it('counts accounts, contacts, events, runs, failures and alerts', async () => {
    const database = await databases.open();
    const api = await ApiScene.open({ database });
    for (const accountId of [ACCOUNT_ID, ACCOUNT_ID + 1, ACCOUNT_ID + 2]) await api.addAccount(accountId);
    await api.harness.get(AccountStore).setStatus(ACCOUNT_ID + 1, 'reauthorization_required');
    await api.harness.get(AlertStore).raise(alerts.reauthorizationRequired(ACCOUNT_ID + 1, 1));
    await database.execute(
      `INSERT INTO contact_figures (account_id, total, in_sync, waiting, excluded, failing, counted_at)
       VALUES (${ACCOUNT_ID}, 10, 5, 2, 2, 1, 0), (${ACCOUNT_ID + 2}, 3, 3, 0, 0, 0, 0)`,
    );
    await api.harness
      .get(EventStore)
      .add(ACCOUNT_ID, [
        { eventId: '1', source: 'kommo', action: 'add', contactId: 1, payload: '{}', dedupKey: 'a', state: 'waiting', reason: null },
      ]);
    await api.harness.get(RunStore).create({ runId: 'r', accountId: ACCOUNT_ID, mode: 'import', trigger: 'operator', totalEstimate: null });
    const failure = {
      accountId: ACCOUNT_ID,
      tube: 'contacts',
      server: 'q:11300',
      jobId: 1,
      payload: '{}',
      code: 'x',
      reason: 'x',
      failedAt: 1,
    };
    await api.harness.get(FailureStore).add(failure);
    api.harness.clock.advance(60_000);
    const values = await valuesOf(api);
    expect(Object.fromEntries([...values].filter(([name]) => /^kommo_unisender_(?!http|oldest)/.test(name)))).toEqual({
      kommo_unisender_database_up: 1,
      kommo_unisender_queue_up: 1,
      'kommo_unisender_accounts{status="active"}': 2,
      'kommo_unisender_accounts{status="reauthorization_required"}': 1,
      'kommo_unisender_accounts{status="pending_authorization"}': 0,
      'kommo_unisender_accounts{status="suspended"}': 0,
      'kommo_unisender_accounts{status="disconnected"}': 0,
      kommo_unisender_unisender_keys_refused: 0,
      'kommo_unisender_contacts{outcome="in_sync"}': 8,
      'kommo_unisender_contacts{outcome="excluded"}': 2,
      'kommo_unisender_contacts{outcome="failing"}': 1,
      'kommo_unisender_contacts{outcome="waiting"}': 2,
      kommo_unisender_events_waiting: 1,
      'kommo_unisender_active_runs{state="queued"}': 1,
      'kommo_unisender_active_runs{state="running"}': 0,
      'kommo_unisender_active_runs{state="waiting_for_confirmation"}': 0,
      kommo_unisender_failures: 1,
      kommo_unisender_alerts_waiting: 1,
      ...Object.fromEntries(alertKinds.map((kind) => [`kommo_unisender_alerts_open{kind="${kind}"}`, 0])),
      'kommo_unisender_alerts_open{kind="account_reauthorization_required"}': 1,
    });
    expect(values.get('kommo_unisender_oldest_event_age_seconds')).toBeGreaterThanOrEqual(59);
  });

  it('shows tubes by server and state, the process, and requests by route instead of URL', async () => {
    const tube = { server: 'q:11300', tube: 'imports', ready: 3, reserved: 1, delayed: 0, buried: 2, waiting: 4, paused: false };
    const api = await ApiScene.open({
      database: await databases.open(),
      queue: { listTubeStatistics: () => Promise.resolve([{ ...tube, pausedSecondsLeft: 0, jobsPut: 6, jobsDeleted: 0 }]) },
    });
    await api.sendAsOperator('GET', `/operations/accounts/${ACCOUNT_ID}`);
    await api.send('GET', '/no/such/route');
    const values = await valuesOf(api);
    expect(values.get('kommo_unisender_tube_jobs{server="q:11300",tube="imports",state="buried"}')).toBe(2);
    expect(values.get('kommo_unisender_tube_workers_waiting{server="q:11300",tube="imports"}')).toBe(4);
    expect(values.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    const requests = [...values.keys()].filter((name) => name.startsWith('kommo_unisender_http_request_seconds_count'));
    expect(requests.sort()).toEqual([
      'kommo_unisender_http_request_seconds_count{method="GET",route="/operations/accounts/:account_id",status="404"}',
      'kommo_unisender_http_request_seconds_count{method="GET",route="none",status="404"}',
    ]);
  });

  it('responds while the queue is down, and shows that', async () => {
    const api = await ApiScene.open({ database: await databases.open(), queue: { listTubeStatistics: unavailable } });
    const values = await valuesOf(api);
    expect([values.get('kommo_unisender_queue_up'), values.get('kommo_unisender_database_up')]).toEqual([0, 1]);
  });
});
