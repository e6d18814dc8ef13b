import type { ChildProcess } from 'node:child_process';
import { EX_CONFIG } from '#config';
import type { Clock } from '#domain';
import { type ChildSpec, type SpawnOptions, exitOf, spawnEntry } from './child.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** A child that lived so long starts over with the shortest delay. */
const STABLE_MS = 60_000;

export interface SupervisorOptions extends SpawnOptions {
  readonly clock: Clock;
  /** One line per event, for the terminal. */
  readonly say: (line: string) => void;
}

/** Keeps children alive until it is stopped; stops them in the reverse order of their start. */
export class Supervisor {
  private readonly running: { spec: ChildSpec; child: ChildProcess; loop: Promise<void> }[] = [];
  private stopping = false;
  private failure: ((code: number) => void) | undefined;
  private readonly stopSignal = new AbortController();

  constructor(private readonly options: SupervisorOptions) {}

  /** Resolves with an exit code when a child can never run; never otherwise. */
  readonly failed = new Promise<number>((resolve) => {
    this.failure = resolve;
  });

  /** Without effect once it was stopped. */
  start(spec: ChildSpec): void {
    if (this.stopping) return;
    const entry = { spec, child: spawnEntry(spec, this.options), loop: Promise.resolve() };
    entry.loop = this.keep(entry);
    this.running.push(entry);
  }

  private async keep(entry: { spec: ChildSpec; child: ChildProcess }): Promise<void> {
    const { clock, say } = this.options;
    let delayMs = FIRST_DELAY_MS;
    for (;;) {
      const startedAt = clock.nowMs();
      const code = await exitOf(entry.child);
      if (this.stopping) return;
      if (code === EX_CONFIG) return this.failure?.(code);
      if (clock.nowMs() - startedAt > STABLE_MS) delayMs = FIRST_DELAY_MS;
      say(`${entry.spec.name} ended with code ${code}; it starts again in ${delayMs} ms`);
      await clock.sleep(delayMs, this.stopSignal.signal).catch(() => {});
      if (this.stopping) return;
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
      entry.child = spawnEntry(entry.spec, this.options);
    }
  }

  /** Asks every child to end, the last started first, and waits for each. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopSignal.abort();
    for (const { child, loop } of [...this.running].reverse()) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await loop;
    }
  }

  /** Ends every child at once. */
  kill(): void {
    this.stopping = true;
    this.stopSignal.abort();
    for (const { child } of this.running) child.kill('SIGKILL');
  }
}
