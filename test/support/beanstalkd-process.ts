import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBeanstalkServer, type BeanstalkServer } from '#beanstalkd';
import { systemClock } from '#clock';

const BEANSTALKD = '/usr/bin/beanstalkd';
const START_WITHIN_MS = 10_000;
const POLL_MS = 20;

/** A queue server of its own, on a free port of 127.0.0.1 and with its log in a temporary folder. */
export interface QueueServer {
  readonly port: number;
  /** Down for as long as `meanwhile` takes, then back on the same port with the same log. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export const hasDebianBeanstalkd = (): boolean => existsSync(BEANSTALKD);

/** A port that nobody listens on at this moment. */
export const findFreePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });

const waitUntilListening = async (port: number, server: ChildProcess): Promise<void> => {
  const deadline = systemClock.nowMs() + START_WITHIN_MS;
  for (;;) {
    try {
      (await open(port)).destroy();
      return;
    } catch (error) {
      if (server.exitCode !== null || systemClock.nowMs() > deadline) throw new Error('beanstalkd did not start', { cause: error });
    }
    await systemClock.sleep(POLL_MS);
  }
};

interface Running {
  stop(): Promise<void>;
}

const runDebian = async (port: number, folder: string): Promise<Running> => {
  const server = spawn(BEANSTALKD, ['-l', '127.0.0.1', '-p', String(port), '-b', folder], { stdio: 'ignore' });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const killAtExit = () => server.kill('SIGKILL');
  process.once('exit', killAtExit);
  await waitUntilListening(port, server);
  const stop = async () => {
    server.kill('SIGKILL');
    await exited;
    process.off('exit', killAtExit);
  };
  return { stop };
};

const runEmbedded = async (port: number, folder: string): Promise<Running> => {
  const server: BeanstalkServer = await startBeanstalkServer({ listen: { host: '127.0.0.1', port }, binlogDir: folder, fsyncMs: 50 });
  return { stop: () => server.close() };
};

const start = async (run: (port: number, folder: string) => Promise<Running>): Promise<QueueServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'beanstalkd-'));
  const port = await findFreePort();
  let running = await run(port, folder);
  return {
    port,
    restart: async (meanwhile) => {
      await running.stop();
      await meanwhile?.();
      running = await run(port, folder);
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Debian's beanstalkd. It is stopped by kill -9, restarts included. */
export const startDebianBeanstalkd = (): Promise<QueueServer> => start(runDebian);

/** The embedded server, in this process. */
export const startEmbeddedBeanstalkd = (): Promise<QueueServer> => start(runEmbedded);

export interface QueueServerKind {
  readonly name: string;
  start(): Promise<QueueServer>;
}

/** Every kind of server this machine has. Without Debian's it says so; with CI=true that is an error. */
export const queueServerKinds = (): QueueServerKind[] => {
  const embedded = { name: 'the embedded server', start: startEmbeddedBeanstalkd };
  if (hasDebianBeanstalkd()) return [embedded, { name: "Debian's beanstalkd", start: startDebianBeanstalkd }];
  if (process.env['CI'] === 'true') throw new Error(`${BEANSTALKD} is not installed`);
  process.stderr.write(`${BEANSTALKD} is not installed: its tests are left out\n`);
  return [embedded];
};

/** Speaks the protocol byte by byte. */
export class RawClient {
  private received = '';
  private wake = () => {};
  private isEnded = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.wake();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isEnded = true;
      this.wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    return new RawClient(await open(port));
  }

  send(text: string | Buffer): void {
    this.socket.write(text, 'latin1');
  }

  /** Sends, and gives everything that came until `end` matched or the server hung up. */
  async ask(text: string, end: RegExp = /\r\n$/): Promise<string> {
    this.send(text);
    return this.until(end);
  }

  async until(end: RegExp): Promise<string> {
    while (!end.test(this.received) && !this.isEnded) await new Promise<void>((resolve) => (this.wake = resolve));
    const answer = this.received;
    this.received = '';
    return answer;
  }

  /** One number out of `stats-job`, `stats-tube` or `stats`; undefined when what it is about does not exist. */
  async count(command: string, key: string): Promise<number | undefined> {
    const answer = await this.ask(`${command}\r\n`, /^NOT_FOUND\r\n$|^OK [^]*\n\r\n$/);
    const found = new RegExp(`^${key}: (\\d+)$`, 'm').exec(answer)?.[1];
    return found === undefined ? undefined : Number(found);
  }

  /** Closes this side's half of the connection. */
  endInput(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }
}
