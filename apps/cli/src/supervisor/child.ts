import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '#config';

/** A process of ours, by its compiled entry. */
export interface ChildSpec {
  readonly name: string;
  /** Relative to the build's root. */
  readonly entry: string;
  readonly args: readonly string[];
}

export interface SpawnOptions {
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What becomes of its standard output; errors always come through. */
  readonly output: 'inherit' | 'ignore' | 'pipe';
}

const buildRoot = new URL('../../../../', import.meta.url);

const leash = new URL('./leash.js', import.meta.url).href;

/** Starts a compiled entry with our own node. It stops by itself when we are gone, were it by kill -9. */
export function spawnEntry({ entry, args }: ChildSpec, { env, output }: SpawnOptions): ChildProcess {
  const file = fileURLToPath(new URL(entry, buildRoot));
  return spawn(process.execPath, ['--enable-source-maps', '--import', leash, file, ...args], {
    stdio: ['pipe', output, 'inherit'],
    env: childEnvironment(env),
  });
}

/** The exit code; 1 for a child that a signal ended. */
export async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return 1;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
