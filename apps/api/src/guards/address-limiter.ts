import type { Clock } from '#domain';

interface Window {
  readonly startMs: number;
  readonly count: number;
  /** Of the window just before. */
  readonly previous: number;
}

const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 20_000;

/** A subscriber of an IPv6 network owns its whole /64. */
function toKey(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  return address.split(':').slice(0, 4).join(':');
}

/** Counts requests per address over a sliding minute, in bounded memory. */
export class AddressLimiter {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly limitPerMinute: number,
    private readonly clock: Clock,
  ) {}

  /** Counts one request; the seconds to wait when it is one too many, else undefined. */
  hit(address: string): number | undefined {
    const key = toKey(address);
    const nowMs = this.clock.nowMs();
    const window = this.currentWindow(key, nowMs);
    const elapsedMs = nowMs - window.startMs;
    const weighted = window.previous * (1 - elapsedMs / WINDOW_MS) + window.count;
    if (weighted >= this.limitPerMinute) return Math.max(1, Math.ceil((WINDOW_MS - elapsedMs) / 1000));
    this.remember(key, { ...window, count: window.count + 1 });
    return undefined;
  }

  private currentWindow(key: string, nowMs: number): Window {
    const startMs = nowMs - (nowMs % WINDOW_MS);
    const known = this.windows.get(key);
    if (known?.startMs === startMs) return known;
    return { startMs, count: 0, previous: known?.startMs === startMs - WINDOW_MS ? known.count : 0 };
  }

  private remember(key: string, window: Window): void {
    this.windows.delete(key);
    this.windows.set(key, window);
    if (this.windows.size <= MAX_ADDRESSES) return;
    const [oldest] = this.windows.keys();
    if (oldest !== undefined) this.windows.delete(oldest);
  }
}
