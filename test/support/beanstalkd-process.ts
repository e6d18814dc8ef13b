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
const POLL_MS = 5;

export type ServerAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface QueueServerOptions {
  /** Listens on a unix socket in its folder instead of a port. */
  readonly isUnix?: boolean;
  /** Without a log its jobs are gone after a restart. With one unless false. */
  readonly hasLog?: boolean;
  /** 65,535 unless given. */
  readonly maxJobBytes?: number;
}

/** A queue server of its own, with its log in a temporary folder; on a free port of 127.0.0.1 unless told otherwise. */
export interface QueueServer {
  readonly address: ServerAddress;
  /** 0 on a unix socket. */
  readonly port: number;
  /** Holds its log. */
  readonly folder: string;
  /** Down for as long as `meanwhile` takes, then back at the same address with the same log. */
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

const open = (address: ServerAddress): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = 'path' in address ? connect(address.path) : connect(address.port, address.host);
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });

const waitUntilListening = async (address: ServerAddress, server: ChildProcess): Promise<void> => {
  const deadline = systemClock.nowMs() + START_WITHIN_MS;
  for (;;) {
    try {
      (await open(address)).destroy();
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

/** Where and how one server runs; the log is left out by one that has none. */
export interface Placement {
  readonly address: ServerAddress;
  readonly logFolder?: string | undefined;
  readonly maxJobBytes?: number | undefined;
}

/** The flags that both servers understand. */
export const toFlags = ({ address, logFolder, maxJobBytes }: Placement): string[] => [
  ...('path' in address ? ['-l', `unix:${address.path}`] : ['-l', address.host, '-p', String(address.port)]),
  ...(logFolder === undefined ? [] : ['-b', logFolder]),
  ...(maxJobBytes === undefined ? [] : ['-z', String(maxJobBytes)]),
];

/** Debian's beanstalkd at that place; `stop` is kill -9. */
export const runDebianBeanstalkd = async (placement: Placement, moreFlags: readonly string[] = []): Promise<Running> => {
  const server = spawn(BEANSTALKD, [...toFlags(placement), ...moreFlags], { stdio: 'ignore' });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const killAtExit = () => server.kill('SIGKILL');
  process.once('exit', killAtExit);
  await waitUntilListening(placement.address, server);
  const stop = async () => {
    server.kill('SIGKILL');
    await exited;
    process.off('exit', killAtExit);
  };
  return { stop };
};

const runEmbedded = async ({ address, logFolder, maxJobBytes }: Placement): Promise<Running> => {
  const options = { listen: address, binlogDir: logFolder, fsyncMs: 50, maxJobBytes };
  const server: BeanstalkServer = await startBeanstalkServer(options);
  return { stop: () => server.close() };
};

const start = async (run: (placement: Placement) => Promise<Running>, options: QueueServerOptions): Promise<QueueServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'beanstalkd-'));
  const address = options.isUnix ? { path: join(folder, 'socket'), port: undefined } : { host: '127.0.0.1', port: await findFreePort() };
  const placement = { address, logFolder: options.hasLog === false ? undefined : folder, maxJobBytes: options.maxJobBytes };
  let running = await run(placement);
  return {
    address,
    port: address.port ?? 0,
    folder,
    restart: async (meanwhile) => {
      await running.stop();
      await meanwhile?.();
      running = await run(placement);
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Debian's beanstalkd. It is stopped by kill -9, restarts included. */
export const startDebianBeanstalkd = (options: QueueServerOptions = {}): Promise<QueueServer> => start(runDebianBeanstalkd, options);

/** The embedded server, in this process. */
export const startEmbeddedBeanstalkd = (options: QueueServerOptions = {}): Promise<QueueServer> => start(runEmbedded, options);

export interface QueueServerKind {
  readonly name: string;
  start(options?: QueueServerOptions): Promise<QueueServer>;
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
  private unread = '';
  private wake = () => {};
  private isEnded = false;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.unread += chunk.toString('latin1');
      this.wake();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.isEnded = true;
      this.wake();
    });
  }

  /** A number is a port of 127.0.0.1. */
  static async connect(address: number | ServerAddress): Promise<RawClient> {
    return new RawClient(await open(typeof address === 'number' ? { host: '127.0.0.1', port: address } : address));
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
    while (!end.test(this.unread) && !this.isEnded) await this.changed();
    const answer = this.unread;
    this.unread = '';
    return answer;
  }

  /** One line with its end. */
  async line(): Promise<string> {
    while (!this.unread.includes('\r\n') && !this.isEnded) await this.changed();
    return this.cut(this.unread.indexOf('\r\n') + 2);
  }

  /** That many bytes, or less when the server hung up. */
  async take(bytes: number): Promise<string> {
    while (this.unread.length < bytes && !this.isEnded) await this.changed();
    return this.cut(bytes);
  }

  /** What came since the last look. */
  takeReceived(): string {
    const { unread } = this;
    this.unread = '';
    return unread;
  }

  /** Something to take. Throws when the server hung up instead. */
  async more(): Promise<void> {
    while (this.unread === '' && !this.isEnded) await this.changed();
    if (this.unread === '') throw new Error('the server hung up');
  }

  /** The server hung up. */
  async ended(): Promise<void> {
    while (!this.isEnded) await this.changed();
  }

  /** One number out of `stats-job`, `stats-tube` or `stats`; undefined when what it is about does not exist. */
  async count(command: string, key: string): Promise<number | undefined> {
    const answer = await this.ask(`${command}\r\n`, /^NOT_FOUND\r\n$|^OK [^]*\n\r\n$/);
    const found = new RegExp(`^${key}: (\\d+)$`, 'm').exec(answer)?.[1];
    return found === undefined ? undefined : Number(found);
  }

  /** From now on what comes stays in the system's buffers, until `readOn`. */
  stopReading(): void {
    this.socket.pause();
  }

  readOn(): void {
    this.socket.resume();
  }

  /** Closes the connection the rude way: the other side sees an error. By TCP only. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Closes this side's half of the connection. */
  endInput(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }

  private changed(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private cut(bytes: number): string {
    const taken = this.unread.slice(0, bytes);
    this.unread = this.unread.slice(bytes);
    return taken;
  }
}
