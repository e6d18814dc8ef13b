import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#domain';

interface Timer {
  readonly atMs: number;
  readonly seq: number;
  readonly fire: () => void;
}

/** Turns of the event loop without any activity after which all code waits for time or for a vendor. */
const QUIET_TURNS = 3;
const MAX_TURNS = 200_000;

/** Time that passes only when the simulation says so. All waiting code of all simulated processes is registered here. */
export class SimulatedTime {
  private timers: Timer[] = [];
  private seq = 0;
  private activity = 0;

  constructor(private currentMs: number) {}

  /** The time of the world, epoch milliseconds. The clocks of processes may differ from it. */
  nowMs(): number {
    return this.currentMs;
  }

  /** Calls `fire` after `ms`. Returns a function that cancels it. */
  after(ms: number, fire: () => void): () => void {
    this.seq += 1;
    const timer = { atMs: this.currentMs + Math.max(0, ms), seq: this.seq, fire };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Tells `settle` that code is running. */
  noteActivity(): void {
    this.activity += 1;
  }

  /** Waits until all code waits for time. */
  async settle(): Promise<void> {
    let quietTurns = 0;
    let seen = -1;
    for (let turn = 0; quietTurns < QUIET_TURNS; turn += 1) {
      if (turn > MAX_TURNS) throw new Error('the code does not come to rest');
      quietTurns = seen === this.activity ? quietTurns + 1 : 0;
      seen = this.activity;
      await nextTurn();
    }
  }

  /** Lets time pass, and runs everything that becomes due. */
  async pass(ms: number): Promise<void> {
    const endMs = this.currentMs + ms;
    await this.settle();
    for (let next = this.takeNext(endMs); next; next = this.takeNext(endMs)) {
      this.currentMs = Math.max(this.currentMs, next.atMs);
      next.fire();
      await this.settle();
    }
    this.currentMs = endMs;
  }

  private takeNext(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs <= endMs && (!next || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.seq < next.seq))) next = timer;
    }
    if (next) this.timers = this.timers.filter((other) => other !== next);
    return next;
  }
}

/** The clock of one process. It is wrong by `skewMs`, and it stops when the process is dead. */
export const processClock = (time: SimulatedTime, life: { readonly isDead: boolean }, skewMs: number): Clock => ({
  nowMs: () => time.nowMs() + skewMs,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      time.noteActivity();
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
        cancel();
        if (!life.isDead) reject(signal?.reason as Error);
      };
      const cancel = time.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        if (!life.isDead) resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
});

/** The clock of the vendors: it is right. */
export const vendorClock = (time: SimulatedTime): Clock => processClock(time, { isDead: false }, 0);
