import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { RoundStore, ThroughputStore } from '#database';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene } from '../api/api-scene.js';

const root = new URL('../../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}
interface Rules {
  readonly groups: readonly { readonly rules: readonly { alert: string; expr: string; annotations: { summary: string } }[] }[];
}

const METRIC = /\b(kommo_unisender|process|nodejs)_[a-z_]+/g;
const metricsIn = (text: string): string[] => [...new Set([...text.matchAll(METRIC)].map(([name]) => name))];

describe('what watches /metrics', () => {
  const databases = openTestDatabases('sqlite');

  /** The names of the samples, and of the labels of each, that a service with some history serves. */
  const serve = async (): Promise<ReadonlyMap<string, string>> => {
    const database = await databases.open();
    const tube = { server: 'q:11300', tube: 'imports', ready: 3, reserved: 1, delayed: 0, buried: 2, waiting: 4, paused: false };
    const api = await ApiScene.open({
      database,
      queue: { listTubeStatistics: () => Promise.resolve([{ ...tube, pausedSecondsLeft: 0, jobsPut: 6, jobsDeleted: 0 }]) },
    });
    await api.addAccount(32_000_001);
    await database.execute(
      `INSERT INTO accesses (account_id, access_token, refresh_token, expires_at, refreshed_at, refresh_until) VALUES (32000001, 'x', 'x', 0, 0, 0)`,
    );
    await api.harness.get(RoundStore).beat('worker');
    await api.harness.get(ThroughputStore).add(0, new Map(), [
      { kind: 'call', labels: 'kommo|GET /api/v4/contacts|200', total: 3, durationMs: 450 },
      { kind: 'job', labels: 'imports|done', total: 2, durationMs: 3_000 },
    ]);
    await api.sendAsOperator('GET', '/accounts');
    const { text } = await api.sendAsOperator('GET', '/metrics');
    return new Map(
      [...text.matchAll(/^([a-z_]+)(?:\{([^}]*)\})? ([-\d.e+]+)$/gm)].map(([, name = '', labels = '', value]) => [
        name,
        `${labels} ${value}`,
      ]),
    );
  };

  it('asks for metrics that are served, with their labels; each of ours is documented', async () => {
    const served = await serve();
    expect(served.get('kommo_unisender_vendor_calls_total')).toBe('vendor="kommo",method="GET /api/v4/contacts",code="200" 3');
    expect(served.get('kommo_unisender_vendor_call_seconds_total')).toContain(' 0.45');
    expect(served.get('kommo_unisender_jobs_total')).toBe('tube="imports",outcome="done" 2');
    expect(served.get('kommo_unisender_worker_silence_seconds')).toBeDefined();
    expect(served.get('kommo_unisender_token_expires_seconds')).toBeDefined();

    const dashboard = JSON.parse(read('docker/monitoring/grafana-dashboard.json')) as Dashboard;
    const { groups } = parse(read('docker/monitoring/prometheus-rules.yaml')) as Rules;
    const rules = groups.flatMap((group) => group.rules);
    const expressions = [...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...rules.map(({ expr }) => expr)];
    expect(expressions.length).toBeGreaterThan(20);
    expect(metricsIn(expressions.join('\n')).filter((name) => !served.has(name))).toEqual([]);
    expect(rules.filter(({ alert, annotations }) => !/^KommoUnisender[A-Z]/.test(alert) || annotations.summary.length < 10)).toEqual([]);

    const documented = metricsIn(read('docs/MONITORING.md'));
    const ours = [...served.keys()]
      .filter((name) => name.startsWith('kommo_unisender_'))
      .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect([...new Set(ours)].filter((name) => !documented.includes(name))).toEqual([]);
  });
});
