import type { TubeStatistics } from './queue-views.js';

/** A tube's counters with how fast they grow; null before the second look, and after a restart of the server. */
export interface RatedTube extends TubeStatistics {
  readonly putsPerSecond: number | null;
  readonly deletesPerSecond: number | null;
}

type Rates = Pick<RatedTube, 'putsPerSecond' | 'deletesPerSecond'>;

const UNKNOWN: Rates = { putsPerSecond: null, deletesPerSecond: null };
/** Two looks closer than this give the rates of the looks before. */
const MIN_SPAN_MS = 900;

const keyOf = ({ server, tube }: TubeStatistics) => `${server} ${tube}`;

const growth = (from: number, to: number, spanMs: number) => (to < from ? null : Math.round(((to - from) * 10_000) / spanMs) / 10);

/** Computes rates from the counters of two looks. */
export class TubeRates {
  private lookedAtMs: number | undefined;
  private last = new Map<string, TubeStatistics>();
  private rates = new Map<string, Rates>();

  /** Adds the rates since the last look. `nowMs` is when the counters were read. */
  add(statistics: readonly TubeStatistics[], nowMs: number): RatedTube[] {
    const spanMs = nowMs - (this.lookedAtMs ?? nowMs);
    if (this.lookedAtMs === undefined || spanMs >= MIN_SPAN_MS) this.look(statistics, nowMs, spanMs);
    return statistics.map((each) => ({ ...each, ...(this.rates.get(keyOf(each)) ?? UNKNOWN) }));
  }

  private look(statistics: readonly TubeStatistics[], nowMs: number, spanMs: number): void {
    this.rates = new Map(
      statistics.map((each) => {
        const before = this.last.get(keyOf(each));
        if (!before || spanMs === 0) return [keyOf(each), UNKNOWN];
        const putsPerSecond = growth(before.jobsPut, each.jobsPut, spanMs);
        return [keyOf(each), { putsPerSecond, deletesPerSecond: growth(before.jobsDeleted, each.jobsDeleted, spanMs) }];
      }),
    );
    this.last = new Map(statistics.map((each) => [keyOf(each), each]));
    this.lookedAtMs = nowMs;
  }
}
