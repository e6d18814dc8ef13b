import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '#clock';
import { findProjectFolder } from '#config';

const START_WITHIN_MS = 240_000;
const STOP_WITHIN_MS = 240_000;
const KEPT_LINES = 200;
const dist = join(findProjectFolder(), 'dist');

/** How a process is started. */
export interface BuiltProcessOptions {
  /** A bundle or a compiled file, relative to `dist`, or an absolute path. */
  readonly entry: string;
  /** Another Node than the one that runs the tests. */
  readonly node?: string;
  readonly args?: readonly string[];
  /** Its environment, in addition to PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. It must not contain an `.env`. */
  readonly cwd: string;
}

const fileOf = (entry: string): string => {
  const file = resolve(dist, entry);
  if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`);
  return file;
};

/**
 * Repeats `check` until it returns a value other than undefined and false. Throws after `withinMs`, with the last error of
 * `check` as the cause.
 */
export async function eventually<Value>(
  what: string,
  check: () => Promise<Value | undefined | false> | Value | undefined | false,
  withinMs = 240_000,
): Promise<Value> {
  const giveUpAt = systemClock.nowMs() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (systemClock.nowMs() > giveUpAt) throw new Error(`${what}: not within ${withinMs} ms`, { cause });
    await systemClock.sleep(50);
  }
}

/** True when the process runs. False for a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Lists the direct children of a process with their command lines. */
export function listChildren(pid: number): { pid: number; command: string }[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.map((child) => ({ pid: child, command: readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' ') }));
  } catch {
    return [];
  }
}

/** Lists all processes that a process has started, and those that they have started. */
export const listDescendants = (pid: number): { pid: number; command: string }[] =>
  listChildren(pid).flatMap((child) => [child, ...listDescendants(child.pid)]);

/** A compiled program in a separate process. It is killed when the tests end. */
export class BuiltProcess {
  private readonly kept: string[] = [];
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private isEndObserved = false;
  private readonly killAtExit = () => void this.child.kill('SIGKILL');

  constructor({ entry, node = process.execPath, args = [], env = {}, cwd }: BuiltProcessOptions) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(node, [fileOf(entry), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, ...env },
      cwd,
    });
    this.exited = new Promise((resolve) => this.child.once('exit', () => resolve()));
    process.once('exit', this.killAtExit);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.keep(line));
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Undefined while the process runs, null after a signal. */
  get exitCode(): number | null | undefined {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return this.child.signalCode === null ? undefined : null;
  }

  /** The last lines of standard output and standard error. */
  get output(): string {
    return this.kept.join('\n');
  }

  /** Waits for the first line that matches. Throws when the process ends first. */
  async waitForLine(form: RegExp, withinMs = START_WITHIN_MS): Promise<string> {
    const ended = 'ended';
    const find = () => this.kept.find((line) => form.test(line)) ?? (this.exitCode === undefined ? undefined : ended);
    const found = await eventually(`a line like ${String(form)}`, find, withinMs);
    if (found === ended) throw new Error(`process ${this.pid} exited with ${this.exitCode}:\n${this.output}`);
    return found;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits for the end. Returns the exit code, or null after a signal. Kills the process and throws when it runs too long. */
  async waitForExit(withinMs = STOP_WITHIN_MS): Promise<number | null> {
    const late = new AbortController();
    const isLate = await Promise.race([
      this.exited.then(() => false),
      systemClock.sleep(withinMs, late.signal).then(
        () => true,
        () => false,
      ),
    ]);
    late.abort();
    this.isEndObserved = true;
    process.off('exit', this.killAtExit);
    if (!isLate) return this.exitCode ?? null;
    this.child.kill('SIGKILL');
    throw new Error(`process ${this.pid} did not end within ${withinMs} ms:\n${this.output}`);
  }

  /** Kills the process with kill -9. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.waitForExit();
  }

  /** Stops the process with SIGTERM. Throws unless it exits with 0. Has no effect when a test has already waited for its end. */
  async stop(): Promise<void> {
    if (this.isEndObserved) return;
    if (this.exitCode === undefined) this.child.kill('SIGTERM');
    await this.waitForSuccess();
  }

  /** Waits for the end. Throws unless the process exits with 0. */
  async waitForSuccess(): Promise<void> {
    const code = await this.waitForExit();
    if (code !== 0) throw new Error(`process ${this.pid} exited with ${code}:\n${this.output}`);
  }

  private keep(line: string): void {
    this.kept.push(line);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
  }
}
