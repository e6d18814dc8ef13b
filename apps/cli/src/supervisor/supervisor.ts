import type { ChildProcess } from 'node:child_process';
import { EX_CONFIG } from '#config';
import type { Clock } from '#domain';
import { type ChildSpec, type SpawnOptions, spawnProgram, waitForExit } from './child.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** After this time without a failure, the next restart has the shortest delay again. */
const STABLE_MS = 60_000;

/** How a supervisor starts processes and reports. */
export interface SupervisorOptions extends SpawnOptions {
  readonly clock: Clock;
  /** Prints one line for each event. */
  readonly print: (line: string) => void;
}

/** Restarts child processes that end, until it is stopped. Stops them in the reverse order of their start. */
export class Supervisor {
  private readonly running: { spec: ChildSpec; child: ChildProcess; loop: Promise<void>; endsItself?: true }[] = [];
  private stopping = false;
  private failure: ((code: number) => void) | undefined;
  private readonly stopSignal = new AbortController();

  constructor(private readonly options: SupervisorOptions) {}

  /**
   * Resolves with the exit code of a child that must not be restarted: the configuration is invalid, or {@link runOnce} failed.
   * Otherwise it never resolves.
   */
  readonly failed = new Promise<number>((resolve) => {
    this.failure = resolve;
  });

  /** Starts a process. Has no effect after a stop. */
  start(spec: ChildSpec): void {
    if (this.stopping) return;
    const entry = { spec, child: spawnProgram(spec, this.options), loop: Promise.resolve() };
    entry.loop = this.restartUntilStopped(entry);
    this.running.push(entry);
  }

  /** Runs a process to its end. Resolves when its exit code is 0. Otherwise it never resolves, and {@link failed} does. */
  async runOnce(spec: ChildSpec): Promise<void> {
    if (this.stopping) return;
    const child = spawnProgram(spec, this.options);
    const exited = waitForExit(child);
    const entry = { spec, child, loop: exited.then(() => undefined), endsItself: true } as const;
    this.running.push(entry);
    const code = await exited;
    this.running.splice(this.running.indexOf(entry), 1);
    if (code === 0) return;
    if (!this.stopping) this.failure?.(code);
    await new Promise<never>(() => {});
  }

  private async restartUntilStopped(entry: { spec: ChildSpec; child: ChildProcess }): Promise<void> {
    const { clock, print } = this.options;
    let delayMs = FIRST_DELAY_MS;
    for (;;) {
      const startedAt = clock.nowMs();
      const code = await waitForExit(entry.child);
      if (this.stopping) return;
      if (code === EX_CONFIG) return this.failure?.(code);
      if (clock.nowMs() - startedAt > STABLE_MS) delayMs = FIRST_DELAY_MS;
      print(`${entry.spec.name} exited with code ${code}; restart in ${delayMs} ms`);
      await clock.sleep(delayMs, this.stopSignal.signal).catch(() => {});
      if (this.stopping) return;
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
      entry.child = spawnProgram(entry.spec, this.options);
    }
  }

  /** Stops every child with SIGTERM, the last started first, and waits for each. One of {@link runOnce} is not interrupted. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopSignal.abort();
    for (const { child, loop, endsItself } of [...this.running].reverse()) {
      if (!endsItself && child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await loop;
    }
  }

  /** Kills every child at once. */
  kill(): void {
    this.stopping = true;
    this.stopSignal.abort();
    for (const { child } of this.running) child.kill('SIGKILL');
  }
}
