import type { Database } from '#database';
import type { SimulatedTime } from './simulated-time.js';

/** Thrown inside a transaction of a process that dies there, so that the database undoes it. */
class ProcessDied extends Error {}

/** Never resolves: the code of a dead process does not continue. */
const never = () => new Promise<never>(() => {});

/**
 * The life of one process. Every call of the process to the database, the network and the queue passes here, twice: before it has an
 * effect and after. The process may die at any of these points.
 */
export class ProcessLife {
  isDead = false;
  private passesLeft = Number.POSITIVE_INFINITY;
  private stallIn = Number.POSITIVE_INFINITY;
  private stallMs = 0;
  private stalledUntilMs = 0;
  private noteStall = () => {};
  private listeners: (() => void)[] = [];

  constructor(private readonly time: SimulatedTime) {}

  /** Calls `listener` when the process dies. */
  onDeath(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Orders the death of the process at the point that it reaches after `passes` others. */
  dieAfter(passes: number): void {
    this.passesLeft = passes;
  }

  /** Orders that the process stops for a while at the point that it reaches after `passes` others. */
  stallAfter(passes: number, forMs: number): void {
    this.stallIn = passes;
    this.stallMs = forMs;
  }

  /** Calls `listener` each time the process stops for a while. */
  onStall(listener: () => void): void {
    this.noteStall = listener;
  }

  /** Whether the process has stopped for a while. */
  get isStalled(): boolean {
    return this.time.nowMs() < this.stalledUntilMs;
  }

  /** Cancels the ordered death, and the ordered stop. */
  live(): void {
    this.passesLeft = Number.POSITIVE_INFINITY;
    this.stallIn = Number.POSITIVE_INFINITY;
  }

  /** Kills the process now. */
  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const listener of this.listeners.splice(0)) listener();
  }

  /** Passes one point. Never resolves when the process is dead. */
  async pass(): Promise<void> {
    if (!this.isAlive()) await never();
    if (this.stallIn <= 0) {
      this.stallIn = Number.POSITIVE_INFINITY;
      this.stalledUntilMs = this.time.nowMs() + this.stallMs;
      this.noteStall();
    }
    this.stallIn -= 1;
    while (this.isStalled) await this.sleepUntil(this.stalledUntilMs);
    if (this.isDead) await never();
  }

  /** The database as this process uses it. It does not close it. */
  attach(database: Database): Database {
    const inside = async <T>(work: () => Promise<T>): Promise<T> => {
      this.assertAlive();
      return work();
    };
    const outside = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.pass();
      const result = await work().catch(async (error: unknown) => {
        if (this.isDead) await never();
        throw error;
      });
      await this.pass();
      return result;
    };
    const choose = <T>(work: () => Promise<T>) => (database.isInTransaction ? inside(work) : outside(work));
    const own: Pick<Database, 'run' | 'transaction' | 'close'> = {
      run: (work) => choose(() => database.run(work)),
      transaction: (work) =>
        choose(() =>
          database.transaction(async () => {
            const result = await work();
            this.assertAlive();
            return result;
          }),
        ),
      close: () => Promise.resolve(),
    };
    return Object.assign(Object.create(database) as Database, own);
  }

  private async sleepUntil(atMs: number): Promise<void> {
    await new Promise<void>((resolve) => void this.time.after(atMs - this.time.nowMs(), resolve));
    this.time.noteActivity();
  }

  private assertAlive(): void {
    if (!this.isAlive()) throw new ProcessDied();
  }

  private isAlive(): boolean {
    this.time.noteActivity();
    if (this.passesLeft <= 0) this.kill();
    this.passesLeft -= 1;
    return !this.isDead;
  }
}
