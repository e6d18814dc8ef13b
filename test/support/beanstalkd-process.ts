import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBeanstalkServer, type BeanstalkServer } from '#beanstalkd';
import { systemClock } from '#clock';

const BEANSTALKD = '/usr/bin/beanstalkd';
const START_WITHIN_MS = 240_000;
const POLL_MS = 5;

/** Where a queue server listens. */
export type ServerAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** How to start a queue server. */
export interface QueueServerOptions {
  /** Listens on a unix socket in its folder instead of a port. */
  readonly isUnix?: boolean;
  /** Keeps a log, so that jobs survive a restart. Default true. */
  readonly hasLog?: boolean;
  /** Default 65,535. */
  readonly maxJobBytes?: number;
}

/** A queue server for one test, with its log in a temporary folder. By default it listens on a free port of 127.0.0.1. */
export interface QueueServer {
  readonly address: ServerAddress;
  /** 0 on a unix socket. */
  readonly port: number;
  /** Folder of its log. */
  readonly folder: string;
  /** Stops it, runs `whileStopped`, and starts it again on the same address with the same log. */
  restart(whileStopped?: () => Promise<void>): Promise<void>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
}

/** True when Debian's beanstalkd is installed. */
export const hasDebianBeanstalkd = (): boolean => existsSync(BEANSTALKD);

/** Below the ports that Linux gives to outgoing connections: one of those could take the port before its server starts. */
const PORTS = { from: 11_000, below: 32_768 };

/** Whether a server could listen on the port. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Returns a port of 127.0.0.1 that is not in use at the moment. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.below);
    if (await isFree(port)) return port;
  }
}

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

/** Address and options of one server. Without `logFolder` it has no log. */
export interface Placement {
  readonly address: ServerAddress;
  readonly logFolder?: string | undefined;
  readonly maxJobBytes?: number | undefined;
}

/** Returns the command-line flags, which are the same for both servers. */
export const toFlags = ({ address, logFolder, maxJobBytes }: Placement): string[] => [
  ...('path' in address ? ['-l', `unix:${address.path}`] : ['-l', address.host, '-p', String(address.port)]),
  ...(logFolder === undefined ? [] : ['-b', logFolder]),
  ...(maxJobBytes === undefined ? [] : ['-z', String(maxJobBytes)]),
];

/** Runs Debian's beanstalkd; `stop` kills it with SIGKILL. */
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
    restart: async (whileStopped) => {
      await running.stop();
      await whileStopped?.();
      running = await run(placement);
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Starts Debian's beanstalkd. Stops and restarts kill it with SIGKILL. */
export const startDebianBeanstalkd = (options: QueueServerOptions = {}): Promise<QueueServer> => start(runDebianBeanstalkd, options);

/** Starts the embedded server in this process. */
export const startEmbeddedBeanstalkd = (options: QueueServerOptions = {}): Promise<QueueServer> => start(runEmbedded, options);

/** One implementation of a queue server. */
export interface QueueServerKind {
  readonly name: string;
  start(options?: QueueServerOptions): Promise<QueueServer>;
}

/** Returns the installed queue servers. Prints a line when Debian's is missing; with CI=true it throws instead. */
export const queueServerKinds = (): QueueServerKind[] => {
  const embedded = { name: 'the embedded server', start: startEmbeddedBeanstalkd };
  if (hasDebianBeanstalkd()) return [embedded, { name: "Debian's beanstalkd", start: startDebianBeanstalkd }];
  if (process.env['CI'] === 'true') throw new Error(`${BEANSTALKD} is not installed`);
  process.stderr.write(`${BEANSTALKD} is not installed: its tests are skipped\n`);
  return [embedded];
};

/** A client that sends and receives raw bytes, as Latin-1 text. */
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

  /** Connects. A number is a port of 127.0.0.1. */
  static async connect(address: number | ServerAddress): Promise<RawClient> {
    return new RawClient(await open(typeof address === 'number' ? { host: '127.0.0.1', port: address } : address));
  }

  /** Sends text without waiting for a reply. */
  send(text: string | Buffer): void {
    this.socket.write(text, 'latin1');
  }

  /** Sends text. Returns everything received until `end` matches or the server closes the connection. */
  async ask(text: string, end: RegExp = /\r\n$/): Promise<string> {
    this.send(text);
    return this.until(end);
  }

  /** Returns everything received until `end` matches or the server closes the connection. */
  async until(end: RegExp): Promise<string> {
    while (!end.test(this.unread) && !this.isEnded) await this.changed();
    const received = this.unread;
    this.unread = '';
    return received;
  }

  /** Waits for one line and returns it with its CR LF. */
  async line(): Promise<string> {
    while (!this.unread.includes('\r\n') && !this.isEnded) await this.changed();
    return this.cut(this.unread.indexOf('\r\n') + 2);
  }

  /** Waits for that many bytes and returns them; fewer when the server closes the connection. */
  async take(bytes: number): Promise<string> {
    while (this.unread.length < bytes && !this.isEnded) await this.changed();
    return this.cut(bytes);
  }

  /** Returns what was received and not taken yet, without waiting. */
  takeReceived(): string {
    const { unread } = this;
    this.unread = '';
    return unread;
  }

  /** Waits until something can be taken. Throws when the server closes the connection. */
  async more(): Promise<void> {
    while (this.unread === '' && !this.isEnded) await this.changed();
    if (this.unread === '') throw new Error('the server closed the connection');
  }

  /** Waits until the server closes the connection. */
  async ended(): Promise<void> {
    while (!this.isEnded) await this.changed();
  }

  /** Returns one number of `stats-job`, `stats-tube` or `stats`; undefined when the job or tube does not exist. */
  async count(command: string, key: string): Promise<number | undefined> {
    const reply = await this.ask(`${command}\r\n`, /^NOT_FOUND\r\n$|^OK [^]*\n\r\n$/);
    const found = new RegExp(`^${key}: (\\d+)$`, 'm').exec(reply)?.[1];
    return found === undefined ? undefined : Number(found);
  }

  /** Stops reading: received bytes stay in the kernel until `readOn`. */
  stopReading(): void {
    this.socket.pause();
  }

  /** Reads again after `stopReading`. */
  readOn(): void {
    this.socket.resume();
  }

  /** Closes the connection with a TCP reset: the server sees an error. Not for unix sockets. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Sends text. Resolves when the kernel has it. */
  sent(text: string): Promise<void> {
    return new Promise((resolve) => this.socket.write(text, 'latin1', () => resolve()));
  }

  /** Closes the client's half of the connection. */
  endInput(): void {
    this.socket.end();
  }

  /** Closes the client's half of the connection. Resolves when the kernel has done it. */
  finishInput(): Promise<void> {
    return new Promise((resolve) => this.socket.end(resolve));
  }

  /** Closes the connection. */
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
