import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#clock';
import { hasDebianBeanstalkd, RawClient, type ServerAddress, toFlags } from './beanstalkd-process.js';

const START_WITHIN_MS = 240_000;
const POLL_MS = 5;
const builtServer = fileURLToPath(new URL('../../dist/bundle/beanstalkd.js', import.meta.url));

/** Which queue server: this project's own, or Debian's beanstalkd. */
export type Implementation = 'embedded' | 'debian';

const programs: Readonly<Record<Implementation, readonly [string, ...string[]]>> = {
  embedded: [process.execPath, builtServer],
  debian: ['/usr/bin/beanstalkd'],
};

/** On each SIGUSR2 it collects garbage and writes how many bytes objects and buffers need. */
const collector = `import { writeFileSync } from 'node:fs';
process.on('SIGUSR2', () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(process.env.MEMORY_FILE, String(heapUsed + external));
});`;

/** The embedded server with a collector, so that a test can measure the memory that it needs. */
const embeddedWithCollector = [
  process.execPath,
  '--expose-gc',
  '--import',
  `data:text/javascript,${encodeURIComponent(collector)}`,
  builtServer,
];

/** Returns both implementations, or only the embedded one where Debian's server is not installed. Throws then with CI=true. */
export function listImplementations(): Implementation[] {
  if (!existsSync(builtServer)) throw new Error(`${builtServer} does not exist: run "npm run build" first`);
  if (hasDebianBeanstalkd()) return ['embedded', 'debian'];
  if (process.env['CI'] === 'true') throw new Error("Debian's beanstalkd is not installed");
  process.stderr.write("Debian's beanstalkd is not installed: tests with it are skipped\n");
  return ['embedded'];
}

/** How to start a queue server. */
export interface QueueProcessOptions {
  readonly implementation: Implementation;
  /** Folder of the log; without it, jobs are in memory only. */
  readonly folder?: string;
  /** Port on 127.0.0.1 to listen on, instead of a unix socket. */
  readonly port?: number;
  readonly flags?: readonly string[];
  /** Runs as that user instead of the current one. */
  readonly uid?: number | undefined;
  /** Shell text before the command, for example `ulimit -f 64;`. */
  readonly shellPrefix?: string;
  /** Embedded server only: makes `collectGarbage` work. */
  readonly hasCollector?: boolean;
}

function toCommand(
  { implementation, folder, flags = [], hasCollector, shellPrefix }: QueueProcessOptions,
  address: ServerAddress,
): string[] {
  const program = hasCollector ? embeddedWithCollector : programs[implementation];
  const command = [...program, ...toFlags({ address, logFolder: folder }), ...flags];
  return shellPrefix === undefined ? command : ['/bin/sh', '-c', `${shellPrefix} exec "$@"`, 'sh', ...command];
}

/** A queue server in a process of its own, by default on a unix socket. The embedded server is the built one. It is killed when the tests exit. */
export class QueueProcess {
  readonly address: ServerAddress;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;
  private readonly killAtExit = () => void this.child.kill('SIGKILL');
  private errorOutput = '';

  private constructor(
    options: QueueProcessOptions,
    private readonly socketFolder: string,
  ) {
    const { port, uid } = options;
    this.address = port === undefined ? { path: join(socketFolder, 's') } : { host: '127.0.0.1', port };
    const [program = '', ...args] = toCommand(options, this.address);
    this.child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, MEMORY_FILE: this.memoryFile },
      ...(uid === undefined ? {} : { uid }),
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errorOutput += chunk.toString('latin1')));
    this.exited = new Promise((resolve) => this.child.once('close', () => resolve()));
    process.once('exit', this.killAtExit);
  }

  /** Starts a server. Resolves when it replies to a command or has exited: see `exitCode`. */
  static async start(options: QueueProcessOptions): Promise<QueueProcess> {
    const server = await QueueProcess.startWithoutWaiting(options);
    await server.waitUntilListening();
    return server;
  }

  /** As `start`, but does not wait until the server listens. */
  static async startWithoutWaiting(options: QueueProcessOptions): Promise<QueueProcess> {
    const socketFolder = await mkdtemp(join(tmpdir(), 'queue-'));
    if (options.uid !== undefined) await chown(socketFolder, options.uid, options.uid);
    return new QueueProcess(options, socketFolder);
  }

  /** Limits the size of the files that it writes from now on; undefined removes the limit. */
  limitFileSize(bytes: number | undefined): void {
    execFileSync('prlimit', ['--pid', String(this.child.pid), `--fsize=${bytes ?? 'unlimited'}:unlimited`]);
  }

  /** Exit code; undefined while it runs, null when a signal has ended it. */
  get exitCode(): number | null | undefined {
    if (this.child.exitCode !== null) return this.child.exitCode;
    return this.child.signalCode === null ? undefined : null;
  }

  /** Everything that it has written to its standard error. */
  get stderr(): string {
    return this.errorOutput;
  }

  /** Its current resident memory, in bytes. */
  get residentBytes(): number {
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes) * 1024;
  }

  /** The bytes that its objects and buffers needed after the last {@link collectGarbage}. The pages of its process vary by a fifth. */
  get usedBytes(): number {
    return Number(readFileSync(this.memoryFile, 'utf8'));
  }

  private get memoryFile(): string {
    return join(this.socketFolder, 'memory');
  }

  /** Opens a connection to it. */
  connect(): Promise<RawClient> {
    return RawClient.connect(this.address);
  }

  /** Sends SIGUSR1, which starts drain mode in both servers. */
  drain(): void {
    this.child.kill('SIGUSR1');
  }

  /** Starts a garbage collection; needs `hasCollector`. */
  collectGarbage(): void {
    this.child.kill('SIGUSR2');
  }

  /** Stops it with SIGSTOP: it sends nothing and closes nothing, while the kernel still accepts connections and data for it. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  /** Continues it after `freeze`. */
  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Resolves when it has exited by itself. */
  async ended(): Promise<void> {
    await this.exited;
  }

  /** Ends it with a signal. On SIGTERM and SIGINT, the embedded server closes its log first. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.exited;
    process.off('exit', this.killAtExit);
    await rm(this.socketFolder, { recursive: true, force: true });
  }

  /** Debian's server listens before it has opened its log: only a reply shows that it is ready. */
  private async isReady(): Promise<boolean> {
    const client = await this.connect().catch(() => undefined);
    const reply = await client?.ask('list-tube-used\r\n');
    client?.close();
    return reply === 'USING default\r\n';
  }

  private async waitUntilListening(): Promise<void> {
    const deadlineMs = systemClock.nowMs() + START_WITHIN_MS;
    for (;;) {
      if (this.exitCode !== undefined) return this.exited;
      if (await this.isReady()) return;
      if (systemClock.nowMs() > deadlineMs)
        throw new Error(`the queue server is not ready after ${START_WITHIN_MS} ms:\n${this.errorOutput}`);
      await systemClock.sleep(POLL_MS);
    }
  }
}
