import type { Clock } from '#domain';
import { findIpv6Networks, toCanonicalIp } from '../http/client-ip.js';

interface Window {
  readonly startMs: number;
  readonly count: number;
  /** Count of the window before. */
  readonly previous: number;
}

const WINDOW_MS = 60_000;
const MAX_CLIENTS = 20_000;

/** A site (/48) of IPv6 may have many subscribers: it gets so many times the limit of one. */
const SITE_FACTOR = 4;

const weightOf = ({ startMs, count, previous }: Window, nowMs: number) => previous * (1 - (nowMs - startMs) / WINDOW_MS) + count;

const secondsToWindowEnd = (nowMs: number) => Math.max(1, Math.ceil((WINDOW_MS - (nowMs % WINDOW_MS)) / 1000));

interface Key {
  readonly key: string;
  readonly limit: number;
}

/** Limits what a client IP may do over a sliding minute, in bounded memory. An IPv6 client counts for its /64 and its /48. */
export class ClientLimiter {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly limitPerMinute: number,
    private readonly clock: Clock,
  ) {}

  /** Counts once. Returns the seconds to wait when the client is above the limit, else undefined. */
  consume(ip: string): number | undefined {
    const nowMs = this.clock.nowMs();
    const keys = this.keysOf(ip).map(({ key, limit }) => ({ key, limit, window: this.currentWindow(key, nowMs) }));
    if (keys.some(({ window, limit }) => weightOf(window, nowMs) >= limit)) return secondsToWindowEnd(nowMs);
    for (const { key, window } of keys) this.save(key, { ...window, count: window.count + 1 });
    return undefined;
  }

  private keysOf(ip: string): Key[] {
    const canonical = toCanonicalIp(ip) ?? 'unknown';
    const networks = findIpv6Networks(canonical);
    if (!networks) return [{ key: canonical, limit: this.limitPerMinute }];
    return [
      { key: networks.subnet, limit: this.limitPerMinute },
      { key: networks.site, limit: this.limitPerMinute * SITE_FACTOR },
    ];
  }

  private currentWindow(key: string, nowMs: number): Window {
    const startMs = nowMs - (nowMs % WINDOW_MS);
    const known = this.windows.get(key);
    if (known?.startMs === startMs) return known;
    return { startMs, count: 0, previous: known?.startMs === startMs - WINDOW_MS ? known.count : 0 };
  }

  private save(key: string, window: Window): void {
    this.windows.delete(key);
    this.windows.set(key, window);
    if (this.windows.size <= MAX_CLIENTS) return;
    const [oldest] = this.windows.keys();
    if (oldest !== undefined) this.windows.delete(oldest);
  }
}
