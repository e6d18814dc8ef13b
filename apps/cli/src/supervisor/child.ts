import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '#config';

/** A process of this service. */
export interface ChildSpec {
  readonly name: string;
  /** The compiled file, relative to the root of the build. */
  readonly entry: string;
  readonly args: readonly string[];
  /** The only variables that it gets; default: all. */
  readonly variables?: readonly string[];
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

function select(environment: Readonly<Record<string, string>>, names: readonly string[] | undefined): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(names ? entries.filter(([name]) => names.includes(name)) : entries);
}

/** Starts a compiled file with the same Node. The process stops when this process ends, even after kill -9. */
export function spawnEntry({ entry, args, variables }: ChildSpec, { env, output }: SpawnOptions): ChildProcess {
  const file = fileURLToPath(new URL(entry, buildRoot));
  return spawn(process.execPath, ['--enable-source-maps', '--import', exitWithParent, file, ...args], {
    stdio: ['pipe', output, 'inherit'],
    env: select(childEnvironment(env), variables),
  });
}

/** Waits for the end of a process. Returns its exit code, or 1 after a signal. */
export async function waitForExit(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return 1;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
