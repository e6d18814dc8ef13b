import { setImmediate as otherWork } from 'node:timers/promises';
import { type Clock, findPauseScope, TransientError } from '#domain';
import type { Reservation, ReservationWait, SlotReservations } from './slot-reservations.js';
import { WaitingLine } from './waiting-line.js';

/** The time that a lane goes by. */
export interface LaneTime {
  readonly clock: Clock;
  readonly elapsedMs: () => number;
  /** How long a request waits for its turn. */
  readonly maxWaitMs: number;
}

interface Waiter {
  readonly keys: readonly string[];
  readonly group: string;
  readonly deadlineMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** The last reservation that was too late, and how many there were. */
  missed: Reservation | undefined;
  misses: number;
  /** How much longer than usual its next slot is. */
  extraMs: number;
}

/** No timer measures a shorter time. */
const SHORT_REST_MS = 1;
const MAX_MISSES = 20;
/** From this miss on, a request reserves a longer slot. */
const LONGER_SLOT_FROM = 3;
const RETRY_AFTER_MS = 5_000;

/** All requests of this process under one limit. One loop serves them, one after the other. */
export class RequestLane {
  private readonly line = new WaitingLine<Waiter>();
  private wake = new AbortController();
  private isServing = false;

  constructor(
    private readonly slots: SlotReservations,
    private readonly time: LaneTime,
  ) {}

  /** Resolves when the request may leave. Rejects as `acquire` of the limiter does. */
  async pass(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    const settled = new AbortController();
    const passed = new Promise<void>((resolve, reject) => {
      const deadlineMs = this.time.elapsedMs() + this.time.maxWaitMs;
      const waiter: Waiter = { keys, group: groupOf(keys), deadlineMs, resolve, reject, missed: undefined, misses: 0, extraMs: 0 };
      this.line.add(waiter);
      signal?.addEventListener('abort', () => this.fail(waiter, signal.reason), { signal: settled.signal });
    });
    this.wake.abort();
    if (!this.isServing) void this.serve();
    return passed.finally(() => settled.abort());
  }

  /** Never throws. */
  private async serve(): Promise<void> {
    this.isServing = true;
    while (!this.line.isEmpty) {
      await this.serveNext();
      // On SQLite every step is a microtask: without this no timer and no socket of the process has its turn.
      await otherWork();
    }
    this.isServing = false;
  }

  private async serveNext(): Promise<void> {
    const nowMs = this.time.elapsedMs();
    const overdue = this.line.findOverdue(nowMs);
    if (overdue) return this.fail(overdue, busy());
    const next = this.line.findNext(nowMs);
    if (!next) return this.rest(this.line.nextTurnMs);
    try {
      await this.tryServe(next);
    } catch (error) {
      this.fail(next, error);
    }
  }

  private async tryServe(waiter: Waiter): Promise<void> {
    const outcome = await this.slots.tryReserve(waiter.keys, waiter.missed, waiter.extraMs);
    if (outcome.kind === 'lost') return;
    if (outcome.kind === 'unlimited') return this.leave(waiter);
    if (outcome.kind === 'wait') return this.waitFor(waiter, outcome);
    const { reservation } = outcome;
    const restMs = reservation.atMs - this.time.elapsedMs();
    if (restMs > SHORT_REST_MS) await this.time.clock.sleep(restMs);
    const lateMs = this.time.elapsedMs() - reservation.tooLateAfterMs;
    if (lateMs > 0) return this.miss(waiter, reservation, lateMs);
    this.leave(waiter);
  }

  private leave(waiter: Waiter): void {
    this.line.remove(waiter);
    waiter.resolve();
  }

  private async waitFor(waiter: Waiter, { untilMs, limitedBy }: ReservationWait): Promise<void> {
    if (limitedBy === 'widest') return this.rest(untilMs);
    this.line.hold(waiter, untilMs);
  }

  private miss(waiter: Waiter, missed: Reservation, lateMs: number): void {
    waiter.missed = missed;
    waiter.misses += 1;
    if (waiter.misses >= LONGER_SLOT_FROM) waiter.extraMs = 2 * (waiter.extraMs + lateMs);
    if (waiter.misses >= MAX_MISSES) this.fail(waiter, busy());
  }

  private fail(waiter: Waiter, error: unknown): void {
    this.line.remove(waiter);
    waiter.reject(error);
    this.wake.abort();
  }

  /** Sleeps until a time, the first deadline, or a change of the line. */
  private async rest(untilMs: number): Promise<void> {
    const restMs = Math.min(untilMs, this.line.nextDeadlineMs) - this.time.elapsedMs();
    if (restMs <= SHORT_REST_MS) return;
    this.wake = new AbortController();
    await this.time.clock.sleep(restMs, this.wake.signal).catch(() => {});
  }
}

/** Requests that differ in their method only do not take turns. */
const groupOf = ([, ...others]: readonly string[]): string => others.filter((key) => findPauseScope(key)?.kind !== 'method').join();

const busy = (): TransientError =>
  new TransientError('too many requests wait for the limit of a vendor', { code: 'request_limit_busy', retryAfterMs: RETRY_AFTER_MS });
