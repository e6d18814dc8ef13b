import { Injectable } from '@nestjs/common';
import { type DatabaseFigures, FigureStore } from '#database';
import { Clock, accountStatuses, toIsoTime } from '#domain';
import type { TubeStatistics } from '#queue';
import { type AccountAttentionView, AttentionList } from '../accounts/attention-list.js';
import { QueueChecks, type QueueState } from './queue-checks.js';
import { type RatePoint, type VendorUsage, WorkRates } from './work-rates.js';

const MAX_ATTENTION = 50;

type Outcomes = 'ready' | 'reserved' | 'delayed' | 'buried';

function addUp(tubes: readonly TubeStatistics[]): Readonly<Record<Outcomes, number>> {
  const sum = (name: Outcomes) => tubes.reduce((total, tube) => total + tube[name], 0);
  return { ready: sum('ready'), reserved: sum('reserved'), delayed: sum('delayed'), buried: sum('buried') };
}

/** What the database shows. */
interface Shown {
  readonly figures: DatabaseFigures;
  readonly attention: readonly AccountAttentionView[];
  readonly rates: readonly RatePoint[];
  readonly vendors: readonly VendorUsage[];
}

function toView({ figures, attention, rates, vendors }: Shown, { tubes, servers }: QueueState, nowMs: number) {
  const { accounts, contacts, oldestEventAt, activeRuns } = figures;
  const byStatus = Object.fromEntries(accountStatuses.map((status) => [status, accounts[status] ?? 0])) as Record<
    (typeof accountStatuses)[number],
    number
  >;
  const last = rates.at(-1);
  return {
    at: toIsoTime(nowMs),
    accounts: { total: Object.values(byStatus).reduce((sum, count) => sum + count, 0), by_status: byStatus },
    attention: attention.slice(0, MAX_ATTENTION),
    attention_total: attention.length,
    contacts: {
      total: contacts.total,
      in_sync: contacts.inSync,
      waiting: contacts.waiting,
      excluded: contacts.excluded,
      failing: contacts.failing,
    },
    events_waiting: figures.eventsWaiting,
    oldest_event_seconds: oldestEventAt === null ? null : Math.max(0, Math.round((nowMs - oldestEventAt) / 1_000)),
    active_runs: {
      queued: activeRuns.queued ?? 0,
      running: activeRuns.running ?? 0,
      waiting_for_confirmation: activeRuns.waiting_for_confirmation ?? 0,
    },
    failures: figures.failures,
    hooks_per_second: last?.hooks_per_second ?? 0,
    pushes_per_second: last?.pushes_per_second ?? 0,
    vendors,
    rates,
    queue: tubes.length === 0 ? null : addUp(tubes),
    queue_servers_down: servers.filter(({ isUp }) => !isUp).map(({ server }) => server),
  };
}

/** What the operator sees first. */
export type OverviewView = ReturnType<typeof toView>;

/** Reads what the operator sees first: accounts by status, what needs attention, rates, and the depth of the queue. */
@Injectable()
export class Overview {
  constructor(
    private readonly figures: FigureStore,
    private readonly attention: AttentionList,
    private readonly rates: WorkRates,
    private readonly queue: QueueChecks,
    private readonly clock: Clock,
  ) {}

  /**
   * Reads it anew. The cost grows with accounts and waiting events, never with contacts. `queue` is null when no queue server replies.
   * Throws TransientError `database_unavailable`.
   */
  async read(): Promise<OverviewView> {
    const [figures, attention, rates, queue] = await Promise.all([
      this.figures.read(),
      this.attention.read(),
      this.rates.readPoints(),
      this.queue.readState(),
    ]);
    const vendors = await this.rates.readUsage(rates.at(-1));
    return toView({ figures, attention, rates, vendors }, queue, this.clock.nowMs());
  }
}
