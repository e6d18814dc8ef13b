import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type DatabaseFigures, ThroughputCounter, type WorkTotalEntity } from '#database';
import { accountStatuses, alertKinds, Clock } from '#domain';
import type { TubeStatistics } from '#queue';

/** Counts from the database and the queue; undefined for a source that does not respond. */
export interface Figures {
  readonly database: DatabaseFigures | undefined;
  readonly tubes: readonly TubeStatistics[] | undefined;
}

/** One request after its response. */
export interface CompletedRequest {
  readonly method: string;
  /** The route's pattern, never the URL: the number of label values stays bounded. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

const HOOK_ROUTES = new Set(['/webhook/:token', '/unisender/webhook/:token']);
const PREFIX = 'kommo_unisender_';
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const noAccounts = Object.fromEntries(accountStatuses.map((status) => [status, 0]));
const noAlerts = Object.fromEntries(alertKinds.map((kind) => [kind, 0]));
const noRuns = { queued: 0, running: 0, waiting_for_confirmation: 0 };
const jobStates = ['ready', 'reserved', 'delayed', 'buried'] as const;

type Labels = Readonly<Record<string, string>>;

/** The metrics of the deployment and of this process, in Prometheus' text form. No label holds a contact or an account. */
@Injectable()
export class ServiceMetrics {
  private readonly registry = new Registry();
  private readonly gauges = new Map<string, Gauge>();
  private readonly counters = new Map<string, Counter>();
  private readonly requests: Histogram;
  private hasProcessMetrics = false;

  constructor(
    private readonly clock: Clock,
    private readonly throughput: ThroughputCounter,
  ) {
    this.requests = new Histogram({
      name: `${PREFIX}http_request_seconds`,
      help: 'Duration of the requests that this process responded to.',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_SECONDS,
      registers: [this.registry],
    });
  }

  /** The content type of what {@link render} returns. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** Counts one request. */
  count({ method, route, status, durationMs }: CompletedRequest): void {
    this.requests.observe({ method, route, status: String(status) }, durationMs / 1_000);
    if (status === 200 && method === 'POST' && HOOK_ROUTES.has(route)) this.throughput.count('hooks');
  }

  /** Returns all metrics as text. */
  async render({ database, tubes }: Figures): Promise<string> {
    this.observeProcess();
    for (const metric of [...this.gauges.values(), ...this.counters.values()]) metric.reset();
    this.set('database_up', 'Whether the database responds.', database ? 1 : 0);
    this.set('queue_up', 'Whether at least one queue server responds.', tubes ? 1 : 0);
    if (database) this.setDatabase(database);
    for (const tube of tubes ?? []) this.setTube(tube);
    return this.registry.metrics();
  }

  private setDatabase(figures: DatabaseFigures): void {
    const { accounts, activeRuns, contacts, oldestEventAt } = figures;
    this.setEach('accounts', 'Accounts by status.', 'status', { ...noAccounts, ...accounts });
    this.set('unisender_keys_refused', 'Active accounts whose Unisender key is refused.', figures.keysRefused);
    const { inSync, waiting, excluded, failing } = contacts;
    const outcomes = { in_sync: inSync, excluded, failing, waiting };
    this.setEach('contacts', 'Contacts by outcome, without deleted ones.', 'outcome', outcomes);
    this.set('events_waiting', 'Events that no worker has applied yet.', figures.eventsWaiting);
    const oldestMs = oldestEventAt === null ? 0 : Math.max(0, this.clock.nowMs() - oldestEventAt);
    this.set('oldest_event_age_seconds', 'Age of the oldest waiting event; 0 without one.', oldestMs / 1_000);
    this.setEach('active_runs', 'Runs that have not ended, by state.', 'state', { ...noRuns, ...activeRuns });
    this.set('failures', 'Buried jobs that are stored with their reason.', figures.failures);
    this.setEach('alerts_open', 'Alerts whose cause lasts, by kind.', 'kind', { ...noAlerts, ...figures.alertsOpen });
    this.set('alerts_waiting', 'Alerts that ALERT_WEBHOOK_URL has not accepted yet.', figures.alertsWaiting);
    const { firstTokenExpiresAt: expiresAt, workerSilenceMs: silentMs } = figures;
    if (expiresAt !== null) {
      const secondsLeft = Math.floor((expiresAt - this.clock.nowMs()) / 1_000);
      this.set('token_expires_seconds', 'Seconds until the first access token of an active account expires.', secondsLeft);
    }
    if (silentMs !== null) this.set('worker_silence_seconds', 'Seconds since a worker has reported.', Math.floor(silentMs / 1_000));
    for (const total of figures.work) this.setWork(total);
  }

  private setWork({ kind, labels, total, durationMs }: WorkTotalEntity): void {
    const [one = '', two = '', three = ''] = labels.split('|');
    const named: Labels = kind === 'call' ? { vendor: one, method: two, code: three } : { tube: one, outcome: two };
    const [name, help] = kind === 'call' ? ['vendor_call', 'Calls to the vendors'] : ['job', 'Attempts at jobs'];
    this.raise(`${name}s_total`, `${help}.`, total, named);
    this.raise(`${name}_seconds_total`, `${help}: their duration.`, durationMs / 1_000, named);
  }

  private setTube(statistics: TubeStatistics): void {
    const { server, tube } = statistics;
    for (const state of jobStates) {
      this.set('tube_jobs', 'Jobs by queue server, tube and state.', statistics[state], { server, tube, state });
    }
    this.set('tube_workers_waiting', 'Workers that wait for a job of the tube.', statistics.waiting, { server, tube });
  }

  private setEach(name: string, help: string, label: string, values: Readonly<Record<string, number>>): void {
    for (const [key, value] of Object.entries(values)) this.set(name, help, value, { [label]: key });
  }

  private set(name: string, help: string, value: number, labels: Labels = {}): void {
    const gauge = this.gauges.get(name) ?? this.add(name, help, Object.keys(labels));
    gauge.set(labels, value);
  }

  /** Sets a counter that all processes share: the database has its value. */
  private raise(name: string, help: string, value: number, labels: Labels): void {
    const labelNames = Object.keys(labels);
    const counter = this.counters.get(name) ?? new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
    this.counters.set(name, counter);
    counter.inc(labels, value);
  }

  private add(name: string, help: string, labelNames: string[]): Gauge {
    const gauge = new Gauge({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
    this.gauges.set(name, gauge);
    return gauge;
  }

  /** Starts with the first scrape: the default metrics observe the garbage collector and the event loop from then on. */
  private observeProcess(): void {
    if (this.hasProcessMetrics) return;
    this.hasProcessMetrics = true;
    collectDefaultMetrics({ register: this.registry });
  }
}
