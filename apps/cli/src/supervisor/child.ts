import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bareEnvironment, childEnvironment, findProjectFolder } from '#config';

/** A process of this service. */
export interface ChildSpec {
  /** Its bundle is `dist/bundle/<name>.js`. */
  readonly name: 'api' | 'cli' | 'queue' | 'sandbox' | 'worker';
  readonly args: readonly string[];
  /** Whether the process gets no variable of this one but the usual ones of the system: it needs no configuration and no secret. */
  readonly isBare?: boolean;
}

/** How a process is started. */
export interface SpawnOptions {
  /** Variables in addition to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The use of its standard output. Standard error is always inherited. */
  readonly output: 'inherit' | 'ignore' | 'pipe';
}

const bundle = (name: string) => join(findProjectFolder(), 'dist', 'bundle', `${name}.js`);

/**
 * By default V8 collects old objects for the first time after some 100 MiB of them, mostly garbage of requests. Later collections go by
 * what is alive.
 */
const FIRST_COLLECTION = '--initial-old-space-size=32';

/**
 * By default V8 lets the heap grow to a multiple of what is alive. A run makes garbage of large texts, pages and forms: some 50 MiB more
 * than needed.
 */
const SMALL_GROWTH = '--heap-growing-percent=25';

/**
 * By default glibc keeps freed memory of up to twice the largest buffer that was freed, such as the text of a program. With a fixed limit,
 * buffers of 128 KiB and more go back to the system at once. Other C libraries ignore it.
 */
const FIXED_TRIM = { MALLOC_TRIM_THRESHOLD_: String(1_024 * 1_024) };

/** Starts a program with the same Node. It stops when this process ends, even after kill -9. */
export function spawnProgram({ name, args, isBare = false }: ChildSpec, { env, output }: SpawnOptions): ChildProcess {
  const flags = name === 'worker' ? [FIRST_COLLECTION, SMALL_GROWTH] : [FIRST_COLLECTION];
  return spawn(process.execPath, [...flags, '--import', bundle('exit-with-parent'), bundle(name), ...args], {
    stdio: ['pipe', output, 'inherit'],
    env: { ...FIXED_TRIM, ...(isBare ? bareEnvironment() : childEnvironment(env)) },
  });
}

/** Waits for the end of a process. Returns its exit code, or 1 after a signal. */
export async function waitForExit(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return 1;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
