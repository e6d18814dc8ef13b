import type { Clock } from '#domain';

interface Window {
  readonly startMs: number;
  readonly count: number;
  /** Count of the window before. */
  readonly previous: number;
}

const WINDOW_MS = 60_000;
const MAX_CLIENTS = 20_000;

/** A subscriber of an IPv6 network owns its whole /64. */
function toKey(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip;
  return ip.split(':').slice(0, 4).join(':');
}

/** Limits requests per client IP over a sliding minute, in bounded memory. */
export class IpLimiter {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly limitPerMinute: number,
    private readonly clock: Clock,
  ) {}

  /** Counts one request. Returns the seconds to wait when it is above the limit, else undefined. */
  consume(ip: string): number | undefined {
    const key = toKey(ip);
    const nowMs = this.clock.nowMs();
    const window = this.currentWindow(key, nowMs);
    const elapsedMs = nowMs - window.startMs;
    const weighted = window.previous * (1 - elapsedMs / WINDOW_MS) + window.count;
    if (weighted >= this.limitPerMinute) return Math.max(1, Math.ceil((WINDOW_MS - elapsedMs) / 1000));
    this.save(key, { ...window, count: window.count + 1 });
    return undefined;
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
