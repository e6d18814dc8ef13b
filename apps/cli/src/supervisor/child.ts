import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bareEnvironment, childEnvironment } from '#config';

/** A process of this service. */
export interface ChildSpec {
  readonly name: string;
  /** The compiled file, relative to the root of the build. */
  readonly entry: string;
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

const buildRoot = new URL('../../../../', import.meta.url);

const exitWithParent = new URL('./exit-with-parent.js', import.meta.url).href;

/** Starts a compiled file with the same Node. The process stops when this process ends, even after kill -9. */
export function spawnEntry({ entry, args, isBare = false }: ChildSpec, { env, output }: SpawnOptions): ChildProcess {
  const file = fileURLToPath(new URL(entry, buildRoot));
  return spawn(process.execPath, ['--enable-source-maps', '--import', exitWithParent, file, ...args], {
    stdio: ['pipe', output, 'inherit'],
    env: isBare ? bareEnvironment() : childEnvironment(env),
  });
}

/** Waits for the end of a process. Returns its exit code, or 1 after a signal. */
export async function waitForExit(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return 1;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
