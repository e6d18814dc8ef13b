import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '#config';

/** A process that the supervisor keeps alive. */
export interface ChildSpec {
  readonly name: string;
  /** Compiled entry, relative to the build's root. */
  readonly entry: string;
  readonly args: readonly string[];
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const buildRoot = new URL('../../../../', import.meta.url);

/** Starts a compiled entry with our own node and environment. */
export function spawnEntry(spec: ChildSpec, stdio: 'inherit' | 'pipe' = 'inherit'): ChildProcess {
  const entry = fileURLToPath(new URL(spec.entry, buildRoot));
  return spawn(process.execPath, ['--enable-source-maps', entry, ...spec.args], {
    stdio: ['ignore', stdio, stdio === 'inherit' ? 'inherit' : 'pipe'],
    env: childEnvironment(spec.env),
  });
}

/** Resolves with the exit code; 128 + signal number is not told apart from 1: nobody here needs it. */
export async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  if (child.signalCode !== null) return 1;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
