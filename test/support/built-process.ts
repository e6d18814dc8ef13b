import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#clock';

const START_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 30_000;
const KEPT_LINES = 200;
const buildRoot = new URL('../../dist/', import.meta.url);

export interface BuiltProcessOptions {
  /** Relative to the build's root. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** All it gets besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs: a folder without an `.env`. */
  readonly cwd: string;
}

const fileOf = (entry: string): string => {
  const file = fileURLToPath(new URL(entry, buildRoot));
  if (!existsSync(file)) throw new Error(`${file} is not there: run "npm run build" first`);
  return file;
};

/** Looks until `check` gives a value that is not undefined or false; its last error is the cause when none came. */
export async function eventually<Value>(
  what: string,
  check: () => Promise<Value | undefined | false> | Value | undefined | false,
  withinMs = 20_000,
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

/** Whether a process of that id is there and not only waits to be collected. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The direct children of a process, with their command lines. */
export function listChildren(pid: number): { pid: number; command: string }[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.map((child) => ({ pid: child, command: readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' ') }));
  } catch {
    return [];
  }
}

/** A compiled entry that runs as a process of its own; it does not outlive the tests. */
export class BuiltProcess {
  private readonly kept: string[] = [];
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private isCollected = false;
  private readonly killAtExit = () => void this.child.kill('SIGKILL');

  constructor({ entry, args = [], env = {}, cwd }: BuiltProcessOptions) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, ['--enable-source-maps', fileOf(entry), ...args], {
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

  /** Undefined while it runs, null when a signal ended it. */
  get exitCode(): number | null | undefined {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return this.child.signalCode === null ? undefined : null;
  }

  /** The last lines of both outputs. */
  get output(): string {
    return this.kept.join('\n');
  }

  /** The first line that matches, once it is there. Throws when the process ends first. */
  async line(form: RegExp, withinMs = START_WITHIN_MS): Promise<string> {
    const ended = 'ended';
    const find = () => this.kept.find((line) => form.test(line)) ?? (this.exitCode === undefined ? undefined : ended);
    const found = await eventually(`a line like ${String(form)}`, find, withinMs);
    if (found === ended) throw new Error(`process ${this.pid} ended with ${this.exitCode}:\n${this.output}`);
    return found;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The exit code, or null when a signal ended it. Throws, and ends it, when it goes on. */
  async exit(withinMs = STOP_WITHIN_MS): Promise<number | null> {
    const late = new AbortController();
    const isLate = await Promise.race([
      this.exited.then(() => false),
      systemClock.sleep(withinMs, late.signal).then(
        () => true,
        () => false,
      ),
    ]);
    late.abort();
    this.isCollected = true;
    process.off('exit', this.killAtExit);
    if (!isLate) return this.exitCode ?? null;
    this.child.kill('SIGKILL');
    throw new Error(`process ${this.pid} did not end within ${withinMs} ms:\n${this.output}`);
  }

  /** kill -9 */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit();
  }

  /** SIGTERM; throws unless it ends with code 0. Nothing happens to one whose end a test has seen. */
  async stop(): Promise<void> {
    if (this.isCollected) return;
    if (this.exitCode === undefined) this.child.kill('SIGTERM');
    await this.finish();
  }

  /** Waits for its own end; throws unless with code 0. */
  async finish(): Promise<void> {
    const code = await this.exit();
    if (code !== 0) throw new Error(`process ${this.pid} ended with ${code}:\n${this.output}`);
  }

  private keep(line: string): void {
    this.kept.push(line);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
  }
}
