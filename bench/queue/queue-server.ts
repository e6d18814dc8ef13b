import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#clock';

const START_WITHIN_MS = 10_000;
const POLL_MS = 20;

/** Limit for bodies, larger than any measured body. */
const MAX_JOB_BYTES = 65_535;

/** `embedded`: libs/beanstalkd. `debian`: Debian's beanstalkd. `bare`: a Node server that only replies, see bare-server.ts. */
export type Implementation = 'embedded' | 'debian' | 'bare';

const programs: Record<Implementation, readonly [string, ...string[]]> = {
  embedded: [process.execPath, fileURLToPath(new URL('../../bundle/beanstalkd.js', import.meta.url))],
  debian: ['/usr/bin/beanstalkd'],
  bare: [process.execPath, fileURLToPath(new URL('./bare-server.js', import.meta.url))],
};

/** Version of Debian's beanstalkd. Throws when it is not installed. */
export const debianVersion = (): string => execFileSync(programs.debian[0], ['-v'], { encoding: 'utf8' }).trim();

/** True when Debian's beanstalkd is installed. */
export const hasDebian = (): boolean => existsSync(programs.debian[0]);

/** A queue server in a process of its own, on a free port of 127.0.0.1. */
export interface QueueServer {
  readonly port: number;
  readonly pid: number;
  /** Kills the process. */
  kill(): Promise<void>;
  /** Kills the process and removes its log. */
  stop(): Promise<void>;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    const finish = (isOpen: boolean) => {
      probe.destroy();
      resolve(isOpen);
    };
    probe.once('connect', () => finish(true));
    probe.once('error', () => finish(false));
  });
}

async function waitUntilListening(port: number, what: string): Promise<void> {
  const deadlineMs = systemClock.nowMs() + START_WITHIN_MS;
  while (!(await isListening(port))) {
    if (systemClock.nowMs() > deadlineMs) throw new Error(`${what} does not listen after ${START_WITHIN_MS} ms`);
    await systemClock.sleep(POLL_MS);
  }
}

/**
 * Starts a server and waits until it listens. `log`: the folder of its log, or true for a new one; it is synced every 50 ms, which is
 * beanstalkd's default.
 */
export async function startQueueServer(implementation: Implementation, log: string | boolean): Promise<QueueServer> {
  const port = await findFreePort();
  const folder = typeof log === 'string' ? log : await mkdtemp(join(tmpdir(), 'queue-bench-'));
  const logFlags = log === false ? [] : ['-b', folder, '-f', '50'];
  const [program, ...words] = programs[implementation];
  const child = spawn(program, [...words, '-l', '127.0.0.1', '-p', `${port}`, '-z', `${MAX_JOB_BYTES}`, ...logFlags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
    process.off('exit', killAtExit);
  };
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  await waitUntilListening(port, program);
  return { port, pid: child.pid ?? 0, kill, stop };
}
