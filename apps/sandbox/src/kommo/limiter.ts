import type { Clock } from '#domain';
import type { HttpResponse } from '../http/message.js';
import type { Switches } from '../switches.js';
import { blockedCaller, tooManyRequests } from './problems.js';

interface Caller {
  recentMs: number[];
  violationsMs: number[];
  blockedUntilMs: number;
}

/** Limits the calls per client IP in any second. Excess calls get a 429; many of them block the IP (reference kommo 4.6). */
export class KommoLimiter {
  private readonly callers = new Map<string, Caller>();

  constructor(
    private readonly clock: Clock,
    private readonly switches: Switches,
    private readonly onBlock: () => void,
  ) {}

  /** Counts a call. Returns the refusal, or undefined when the call is allowed. */
  check(address: string): HttpResponse | undefined {
    const limit = this.switches.get('kommo.requests_per_second');
    if (limit === 0) return undefined;
    const now = this.clock.nowMs();
    const caller = this.callerAt(address);
    if (now < caller.blockedUntilMs) return blockedCaller;
    caller.recentMs = caller.recentMs.filter((atMs) => now - atMs < 1000);
    if (caller.recentMs.length >= limit) return this.recordViolation(caller, now);
    caller.recentMs.push(now);
    return undefined;
  }

  /** Forgets all callers with their counts and blocks. */
  unblock(): void {
    this.callers.clear();
  }

  private recordViolation(caller: Caller, now: number): HttpResponse {
    const windowMs = this.switches.get('kommo.retry_after_seconds') * 1000;
    caller.violationsMs = [...caller.violationsMs.filter((atMs) => now - atMs < windowMs), now];
    const allowed = this.switches.get('kommo.violations_before_block');
    if (allowed > 0 && caller.violationsMs.length > allowed) {
      caller.blockedUntilMs = now + this.switches.get('kommo.block_seconds') * 1000;
      caller.violationsMs = [];
      this.onBlock();
      return blockedCaller;
    }
    return tooManyRequests(this.switches);
  }

  private callerAt(address: string): Caller {
    const caller = this.callers.get(address) ?? { recentMs: [], violationsMs: [], blockedUntilMs: 0 };
    this.callers.set(address, caller);
    return caller;
  }
}
