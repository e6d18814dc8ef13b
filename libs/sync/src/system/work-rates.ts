import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { PauseStore, SPAN_MS, type ThroughputName, ThroughputStore, isLimited } from '#database';
import { Clock, type Vendor, toIsoTime, vendors } from '#domain';

/** Work of the whole deployment in one span of ten seconds, as numbers a second. */
export interface RatePoint {
  /** ISO 8601; the begin of the span. */
  readonly at: string;
  readonly hooks_per_second: number;
  readonly pushes_per_second: number;
  readonly kommo_requests_per_second: number;
  readonly unisender_requests_per_second: number;
}

/** How much of a vendor's limit the deployment uses. */
export interface VendorUsage {
  readonly vendor: Vendor;
  readonly requests_per_second: number;
  /** Null when the limit is switched off. */
  readonly limit_per_second: number | null;
  readonly used_percent: number | null;
  /** The longest pause of the whole vendor. */
  readonly paused: { readonly code: string; readonly until: string } | null;
}

/** Sixty spans: ten minutes. */
const SHOWN_SPANS = 60;
/** Every process adds its counts a moment after the end of the span. */
const SETTLE_MS = 1_000;

const perSecond = (total: number | undefined) => Math.round(((total ?? 0) * 10_000) / SPAN_MS) / 10;

/** Shows how fast the deployment works. */
@Injectable()
export class WorkRates {
  constructor(
    private readonly throughput: ThroughputStore,
    private readonly pauses: PauseStore,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Reads the points of the last ten minutes, the oldest first. The last one is the last complete span. */
  async readPoints(): Promise<RatePoint[]> {
    const nowMs = this.clock.nowMs() - SETTLE_MS;
    const endMs = nowMs - (nowMs % SPAN_MS);
    const sinceMs = endMs - SHOWN_SPANS * SPAN_MS;
    const rows = await this.throughput.list(sinceMs);
    const totals = new Map(rows.map(({ counter, beganAt, total }) => [`${counter} ${beganAt}`, total]));
    return Array.from({ length: SHOWN_SPANS }, (_, index) => {
      const beganAt = sinceMs + index * SPAN_MS;
      const rate = (counter: ThroughputName) => perSecond(totals.get(`${counter} ${beganAt}`));
      return {
        at: toIsoTime(beganAt),
        hooks_per_second: rate('hooks'),
        pushes_per_second: rate('pushes'),
        kommo_requests_per_second: rate('kommo_requests'),
        unisender_requests_per_second: rate('unisender_requests'),
      };
    });
  }

  /** Compares the last point with the limits, and reads the pauses of whole vendors. */
  async readUsage(last: RatePoint | undefined): Promise<VendorUsage[]> {
    const pauses = await this.pauses.findActive(vendors.map((id) => ({ kind: 'vendor', id })));
    return vendors.map((vendor) => {
      const rate = last?.[`${vendor}_requests_per_second`] ?? 0;
      const limit = this.limitOf(vendor);
      const pause = pauses.find(({ id }) => id === vendor);
      return {
        vendor,
        requests_per_second: rate,
        limit_per_second: limit,
        used_percent: limit === null ? null : Math.min(100, Math.round((rate * 100) / limit)),
        paused: pause ? { code: pause.code, until: toIsoTime(pause.until) } : null,
      };
    });
  }

  private limitOf(vendor: Vendor): number | null {
    const { kommoRequestsPerSecond, unisenderTotalRequestsPerMinute } = this.config;
    if (vendor === 'kommo') return isLimited(kommoRequestsPerSecond) ? kommoRequestsPerSecond : null;
    return isLimited(unisenderTotalRequestsPerMinute) ? Math.round(unisenderTotalRequestsPerMinute / 6) / 10 : null;
  }
}
