import { type Job, type JobQueue, TransientError, decideDisposition } from '#domain';
import type { SimulatedTime } from './simulated-time.js';

/** A process that can run jobs. */
export interface JobRunner {
  readonly isDead: boolean;
  /** Runs a job to its end. Rejects with the job's error. Never settles when the process dies. */
  runJob(job: Job, isRetry: boolean): Promise<void>;
  /** Stores why a job is buried. */
  recordBuried(job: Job, jobId: number, code: string, reason: string): Promise<void>;
}

/** What happens to the next jobs that are put. */
export interface QueueFaults {
  lose: number;
  repeat: number;
  delay: number;
  /** The queue takes no job. */
  isDown: boolean;
}

interface HeldJob {
  readonly id: number;
  readonly job: Job;
  readonly putAtMs: number;
  reserves: number;
  holder: JobRunner | undefined;
}

const FAULT_DELAY_MS = 90_000;
const SLOTS_PER_TUBE = 2;
const RECORD_RETRY_MS = 5_000;

/** The queue server: it gives each ready job to one worker, and again when that worker dies. It loses, repeats and delays on order. */
export class SimulatedQueue {
  readonly faults: QueueFaults = { lose: 0, repeat: 0, delay: 0, isDown: false };
  /** Jobs that were buried, with their reasons. */
  readonly buried: { readonly tube: string; readonly reason: string }[] = [];
  private readonly ready: HeldJob[] = [];
  private readonly held = new Set<HeldJob>();
  private lastId = 0;
  private lastRunner = 0;

  constructor(
    private readonly time: SimulatedTime,
    private readonly runners: () => readonly JobRunner[],
    private readonly random: () => number,
  ) {}

  /** The queue as one process uses it. `pass` is called before and after the effect. */
  portOf(pass: () => Promise<void>): JobQueue {
    return {
      put: async (job, { delaySeconds = 0 } = {}) => {
        await pass();
        if (this.faults.isDown) throw new TransientError('the queue is down', { code: 'queue_unavailable' });
        this.take(job, delaySeconds * 1_000);
        await pass();
      },
    };
  }

  /** Whether no job waits or runs. */
  get isEmpty(): boolean {
    return this.ready.length === 0 && this.held.size === 0;
  }

  /** Makes the jobs of a dead process ready again. */
  returnJobsOf(runner: JobRunner): void {
    for (const held of [...this.held].filter(({ holder }) => holder === runner)) this.makeReady(held);
  }

  /** Starts ready jobs while a worker is free. */
  dispatch(): void {
    for (const held of [...this.ready]) {
      const runner = this.freeRunner(held.job.tube);
      if (!runner) continue;
      this.ready.splice(this.ready.indexOf(held), 1);
      void this.run(held, runner);
    }
  }

  private take(job: Job, delayMs: number): void {
    const { faults } = this;
    if (faults.lose > 0) {
      faults.lose -= 1;
      return;
    }
    const copies = faults.repeat > 0 ? 2 : 1;
    faults.repeat = Math.max(0, faults.repeat - 1);
    const extraMs = faults.delay > 0 ? FAULT_DELAY_MS : 0;
    faults.delay = Math.max(0, faults.delay - 1);
    for (let copy = 0; copy < copies; copy += 1) {
      this.lastId += 1;
      const held: HeldJob = { id: this.lastId, job, putAtMs: this.time.nowMs(), reserves: 0, holder: undefined };
      this.time.after(delayMs + extraMs, () => this.makeReady(held));
    }
  }

  private makeReady(held: HeldJob): void {
    this.held.delete(held);
    held.holder = undefined;
    this.ready.push(held);
    this.dispatch();
  }

  private freeRunner(tube: string): JobRunner | undefined {
    const free = this.runners().filter((runner) => !runner.isDead && this.countHeld(runner, tube) < SLOTS_PER_TUBE);
    this.lastRunner += 1;
    return free[this.lastRunner % Math.max(1, free.length)];
  }

  private countHeld(runner: JobRunner, tube: string): number {
    return [...this.held].filter(({ holder, job }) => holder === runner && job.tube === tube).length;
  }

  private async run(held: HeldJob, runner: JobRunner): Promise<void> {
    held.holder = runner;
    held.reserves += 1;
    this.held.add(held);
    try {
      await runner.runJob(held.job, held.reserves > 1);
      this.end(held, runner);
    } catch (error) {
      await this.endFailed(held, runner, error);
    }
  }

  private async endFailed(held: HeldJob, runner: JobRunner, error: unknown): Promise<void> {
    if (held.holder !== runner) return;
    const ageSeconds = Math.floor((this.time.nowMs() - held.putAtMs) / 1_000);
    const disposition = decideDisposition({ error, number: held.reserves, ageSeconds }, this.random());
    if (disposition.action === 'release') return this.release(held, disposition.delaySeconds * 1_000);
    if (disposition.action === 'delete') return this.end(held, runner);
    try {
      await runner.recordBuried(held.job, held.id, disposition.code, disposition.reason);
      if (held.holder !== runner) return;
      this.buried.push({ tube: held.job.tube, reason: disposition.reason });
      this.end(held, runner);
    } catch {
      this.release(held, RECORD_RETRY_MS);
    }
  }

  private release(held: HeldJob, delayMs: number): void {
    this.held.delete(held);
    held.holder = undefined;
    this.time.after(delayMs, () => this.makeReady(held));
    this.dispatch();
  }

  private end(held: HeldJob, runner: JobRunner): void {
    if (held.holder !== runner) return;
    this.held.delete(held);
    this.dispatch();
  }
}
