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

/** Longest body that a job may have; larger than any that is measured. */
const MAX_JOB_BYTES = 65_535;

/** `bare`: a Node server that only answers, see bare-server.ts. */
export type Maker = 'ours' | 'debian' | 'bare';

const programs: Record<Maker, readonly [string, ...string[]]> = {
  ours: [process.execPath, fileURLToPath(new URL('../../libs/beanstalkd/src/main.js', import.meta.url))],
  debian: ['/usr/bin/beanstalkd'],
  bare: [process.execPath, fileURLToPath(new URL('./bare-server.js', import.meta.url))],
};

/** What it says of itself. */
export const debianVersion = (): string => execFileSync(programs.debian[0], ['-v'], { encoding: 'utf8' }).trim();

export const hasDebian = (): boolean => existsSync(programs.debian[0]);

/** A queue server as a process of its own on a free port of 127.0.0.1. */
export interface QueueServer {
  readonly port: number;
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
    const answer = (isOpen: boolean) => {
      probe.destroy();
      resolve(isOpen);
    };
    probe.once('connect', () => answer(true));
    probe.once('error', () => answer(false));
  });
}

async function waitUntilListening(port: number, what: string): Promise<void> {
  const deadlineMs = systemClock.nowMs() + START_WITHIN_MS;
  while (!(await isListening(port))) {
    if (systemClock.nowMs() > deadlineMs) throw new Error(`${what} does not listen after ${START_WITHIN_MS} ms`);
    await systemClock.sleep(POLL_MS);
  }
}

/** With a log, it is synced every 50 ms, beanstalkd's standard. The log's folder is removed when the server is stopped. */
export async function startQueueServer(maker: Maker, hasLog: boolean): Promise<QueueServer> {
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), 'queue-bench-'));
  const logFlags = hasLog ? ['-b', folder, '-f', '50'] : [];
  const [program, ...words] = programs[maker];
  const child = spawn(program, [...words, '-l', '127.0.0.1', '-p', `${port}`, '-z', `${MAX_JOB_BYTES}`, ...logFlags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    process.off('exit', killAtExit);
    await rm(folder, { recursive: true, force: true });
  };
  await waitUntilListening(port, program);
  return { port, stop };
}
