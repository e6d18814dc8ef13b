import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#clock';
import { findFreePort } from '../../test/support/beanstalkd-process.js';
import { BuiltProcess, eventually, listDescendants } from '../../test/support/built-process.js';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { commonMiBOf, cpuMsOf, residentMiBOf } from '../process-figures.js';

/** The launcher, relative to `dist`. */
const LAUNCHER = '../apps/cli/bin/run.js';
/** After this time the work of the start is done. */
const REST_MS = 30_000;

interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
  /** Resident memory of each process at rest, in MiB. */
  readonly memory: ReadonlyMap<string, number>;
  /** Resident memory of all processes at rest, in MiB; Node's program, which they share, counts once. */
  readonly commonMiB: number;
}

const nameOf = (command: string): string => /bundle\/(\w+)\.js/.exec(command.replace('bundle/exit-with-parent.js', ''))?.[1] ?? 'launcher';

const isReady = async (url: string) => {
  const response = await fetch(`${url}/health/ready`).catch(() => undefined);
  return response?.ok ?? false;
};

/** Runs what `npm start` runs, with an empty data folder, without npm's own time. */
async function measureStart(restMs: number): Promise<Start> {
  const folder = await mkdtemp(join(tmpdir(), 'start-'));
  const port = await findFreePort();
  const startedAt = performance.now();
  const env = { PORT: `${port}`, DATA_DIR: join(folder, 'data') };
  const launcher = new BuiltProcess({ entry: LAUNCHER, args: ['start'], env, cwd: folder });
  try {
    await eventually('a ready service', () => isReady(`http://127.0.0.1:${port}`));
    const readyMs = performance.now() - startedAt;
    const processes = [{ pid: launcher.pid, command: 'launcher' }, ...listDescendants(launcher.pid)];
    const cpuMs = processes.reduce((sum, each) => sum + cpuMsOf(each.pid), 0);
    await systemClock.sleep(restMs);
    const memory = new Map(processes.map((each) => [nameOf(each.command), residentMiBOf(each.pid)]));
    return { readyMs, cpuMs, memory, commonMiB: commonMiBOf(processes.map(({ pid }) => pid)) };
  } finally {
    await launcher.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Measures the start of the built service until it is ready, and the memory of its processes at rest. */
export async function runStartBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const starts: Start[] = [];
  for (let round = 0; round < (isQuick ? 1 : 3); round += 1) {
    const start = await measureStart(isQuick ? 0 : REST_MS);
    const memory = [...start.memory].map(([name, mib]) => `${name} ${mib.toFixed(0)} MiB`).join(', ');
    print(`ready after ${start.readyMs.toFixed(0)} ms (processor time ${start.cpuMs.toFixed(0)} ms); ${memory}`);
    starts.push(start);
  }
  const total = ({ memory }: Start) => [...memory.values()].reduce((sum, mib) => sum + mib, 0);
  report({ bench: 'start', name: 'ready', value: median(starts.map(({ readyMs }) => readyMs)) / 1_000, unit: 's', goal: { atMost: 3 } });
  report({ bench: 'start', name: 'processor time until ready', value: median(starts.map(({ cpuMs }) => cpuMs)) / 1_000, unit: 's' });
  report({
    bench: 'start',
    name: 'resident memory, sum of processes',
    value: median(starts.map(total)),
    unit: 'MiB',
    goal: { atMost: 300 },
  });
  const common = median(starts.map(({ commonMiB }) => commonMiB));
  report({ bench: 'start', name: 'the same, shared files counted once', value: common, unit: 'MiB', goal: { atMost: 300 } });
}
