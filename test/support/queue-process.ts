import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#clock';
import { hasDebianBeanstalkd, RawClient, type ServerAddress, toFlags } from './beanstalkd-process.js';

const START_WITHIN_MS = 20_000;
const POLL_MS = 5;
const builtServer = fileURLToPath(new URL('../../dist/libs/beanstalkd/src/main.js', import.meta.url));

export type Maker = 'ours' | 'debian';

const programs: Readonly<Record<Maker, readonly [string, ...string[]]>> = {
  ours: [process.execPath, builtServer],
  debian: ['/usr/bin/beanstalkd'],
};

/** Ours, collecting its garbage whenever it is told SIGUSR2: what it still holds then is what it needs. */
const oursWithCollector = [process.execPath, '--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",gc)', builtServer];

/** Both makers, or only ours where Debian's server is not installed; that is an error with CI=true. */
export function listMakers(): Maker[] {
  if (!existsSync(builtServer)) throw new Error(`${builtServer} is not there: run "npm run build" first`);
  if (hasDebianBeanstalkd()) return ['ours', 'debian'];
  if (process.env['CI'] === 'true') throw new Error("Debian's beanstalkd is not installed");
  process.stderr.write("Debian's beanstalkd is not installed: its logs are not tried\n");
  return ['ours'];
}

export interface QueueProcessOptions {
  readonly maker: Maker;
  /** The binlog's folder; without one there is no binlog. */
  readonly folder?: string;
  /** Listens there on 127.0.0.1 instead of a unix socket. */
  readonly port?: number;
  readonly flags?: readonly string[];
  /** Runs as that user instead of this one. */
  readonly uid?: number | undefined;
  /** Shell words that stand before the command, `ulimit -f 64;` for instance. */
  readonly shellPrefix?: string;
  /** Ours only: understands `collectGarbage`. */
  readonly hasCollector?: boolean;
}

function toCommand({ maker, folder, flags = [], hasCollector, shellPrefix }: QueueProcessOptions, address: ServerAddress): string[] {
  const program = hasCollector ? oursWithCollector : programs[maker];
  const command = [...program, ...toFlags({ address, logFolder: folder }), ...flags];
  return shellPrefix === undefined ? command : ['/bin/sh', '-c', `${shellPrefix} exec "$@"`, 'sh', ...command];
}

/** A queue server as a process of its own, ours as it is built, on a unix socket unless told otherwise; it does not outlive the tests. */
export class QueueProcess {
  readonly address: ServerAddress;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private readonly killAtExit = () => void this.child.kill('SIGKILL');
  private complaints = '';

  private constructor(
    options: QueueProcessOptions,
    private readonly socketFolder: string,
  ) {
    const { port, uid } = options;
    this.address = port === undefined ? { path: join(socketFolder, 's') } : { host: '127.0.0.1', port };
    const [program = '', ...args] = toCommand(options, this.address);
    this.child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(uid === undefined ? {} : { uid }) });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.complaints += chunk.toString('latin1')));
    this.exited = new Promise((resolve) => this.child.once('close', () => resolve()));
    process.once('exit', this.killAtExit);
  }

  /** Resolves when it answers or has ended: see `exitCode`. */
  static async start(options: QueueProcessOptions): Promise<QueueProcess> {
    const socketFolder = await mkdtemp(join(tmpdir(), 'queue-'));
    if (options.uid !== undefined) await chown(socketFolder, options.uid, options.uid);
    const server = new QueueProcess(options, socketFolder);
    await server.waitUntilListening();
    return server;
  }

  /** From now on it can write no file beyond that size; undefined takes the limit back. */
  limitFileSize(bytes: number | undefined): void {
    execFileSync('prlimit', ['--pid', String(this.child.pid), `--fsize=${bytes ?? 'unlimited'}:unlimited`]);
  }

  /** Undefined while it runs, null when a signal ended it. */
  get exitCode(): number | null | undefined {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return this.child.signalCode === null ? undefined : null;
  }

  /** What it wrote to its standard error. */
  get stderr(): string {
    return this.complaints;
  }

  /** Memory that it occupies at this moment. */
  get residentBytes(): number {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes) * 1024;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.address);
  }

  /** SIGUSR1 drains both. */
  drain(): void {
    this.child.kill('SIGUSR1');
  }

  collectGarbage(): void {
    this.child.kill('SIGUSR2');
  }

  /** It neither answers nor hangs up from now on; its kernel still takes connections and what is sent. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  /** Goes on where it was frozen. */
  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends by itself. */
  async ended(): Promise<void> {
    await this.exited;
  }

  /** SIGTERM and SIGINT end both, ours after it has put its log in order. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
    process.off('exit', this.killAtExit);
    await rm(this.socketFolder, { recursive: true, force: true });
  }

  /** Debian's listens before it has its log: only an answer tells that it has. */
  private async answers(): Promise<boolean> {
    const client = await this.connect().catch(() => undefined);
    const answer = await client?.ask('list-tube-used\r\n');
    client?.close();
    return answer === 'USING default\r\n';
  }

  private async waitUntilListening(): Promise<void> {
    const deadlineMs = systemClock.nowMs() + START_WITHIN_MS;
    for (;;) {
      if (this.exitCode !== undefined) return this.exited;
      if (await this.answers()) return;
      if (systemClock.nowMs() > deadlineMs) throw new Error(`the queue server does not answer:\n${this.complaints}`);
      await systemClock.sleep(POLL_MS);
    }
  }
}
