import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname, machine, version as osVersion } from 'node:os';
import { type OpenBinlog, openBinlog } from '../binlog/open-binlog.js';
import { QueueState } from '../core/queue-state.js';
import type { ServerFacts } from '../protocol/statistics.js';
import { ClientSocket } from './client-socket.js';
import { removeStaleSocket } from './listening-address.js';
import { machineNowMs, Wakeup } from './machine-time.js';

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

export interface BeanstalkServerOptions {
  readonly listen: ListenAddress;
  /** Keeps every job in this directory; without it jobs live in memory only. */
  readonly binlogDir?: string | undefined;
  /** Longest time that a change may be only in the system's cache: 0 = synced before it is answered, undefined or -1 = never synced. */
  readonly fsyncMs?: number | undefined;
  /** Largest body of a job. Default 65535. */
  readonly maxJobBytes?: number | undefined;
  /** Size of one log file. Default 10 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Told in one line what the operator should know of: a full disk, a damaged log file. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface BeanstalkServer {
  /** The port it listens on; undefined on a unix socket. */
  readonly port: number | undefined;
  /** From now on refuses new jobs with DRAINING. */
  drain(): void;
  /** Disconnects everyone, syncs the log and gives address and directory free. */
  close(): Promise<void>;
}

/** Connections that the system keeps for us until we take them: as many as beanstalkd asks for. */
const maxPendingConnections = 1024;

/** The beanstalkd whose protocol, replies and log format this server speaks. */
export const emulatedVersion = '1.12';

/**
 * Starts a server and resolves once it listens and has taken its jobs back from the log. A put that was answered INSERTED
 * survives the death of this process when there is a `binlogDir`, and the loss of power too when `fsyncMs` is 0.
 * Rejects when the address or the directory is in use.
 */
export async function startBeanstalkServer(options: BeanstalkServerOptions): Promise<BeanstalkServer> {
  const server = new SocketServer(options);
  await server.start(options.listen);
  return server;
}

class SocketServer implements BeanstalkServer {
  private readonly state = new QueueState(machineNowMs());
  private readonly server: Server;
  private readonly clients = new Set<ClientSocket>();
  private answered: ClientSocket[] = [];
  private readonly wakeup = new Wakeup(() => this.serveDue());
  private readonly syncWakeup = new Wakeup(() => void this.openLog?.binlog.sync());
  private readonly facts: ServerFacts = describeProcess();
  private openLog: OpenBinlog | undefined;
  private isFlushScheduled = false;
  private isRefusing = false;

  constructor(private readonly options: BeanstalkServerOptions) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => this.accept(socket));
  }

  get port(): number | undefined {
    const address = this.server.address();
    return address && typeof address === 'object' ? address.port : undefined;
  }

  async start(address: ListenAddress): Promise<void> {
    this.openLog = this.openLogAt(this.options.binlogDir);
    try {
      if ('path' in address) await removeStaleSocket(address.path);
      await listen(this.server, address);
    } catch (error) {
      this.openLog?.close();
      throw error;
    }
    this.server.on('error', (error) => this.refuse(error));
    this.serveDue();
  }

  drain(): void {
    this.state.isDraining = true;
  }

  async close(): Promise<void> {
    this.wakeup.clear();
    this.syncWakeup.clear();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const client of this.clients) client.destroy();
    await closed;
    this.wakeup.clear();
    this.openLog?.close();
    this.openLog = undefined;
  }

  private openLogAt(directory: string | undefined): OpenBinlog | undefined {
    const { segmentBytes = 10 * 1024 * 1024, fsyncMs = -1, onWarning = () => {} } = this.options;
    if (directory === undefined) return undefined;
    return openBinlog({ directory, segmentBytes, isSynced: fsyncMs >= 0, onWarning }, this.state);
  }

  private accept(socket: Socket): void {
    const options = { state: this.state, facts: this.facts, maxJobBytes: this.options.maxJobBytes ?? 65_535 };
    const client = new ClientSocket(socket, options, {
      beforeInput: () => this.tick(),
      onResponse: (one) => this.answered.push(one),
      afterInput: () => this.requestFlush(),
      onClosed: (one) => this.forget(one),
    });
    this.clients.add(client);
    this.isRefusing = false;
  }

  /** The system may fail to hand over a connection, for want of memory or by a firewall's word. Told once until one comes through. */
  private refuse(error: Error): void {
    if (!this.isRefusing) this.options.onWarning?.(`a connection could not be accepted: ${error.message}`);
    this.isRefusing = true;
  }

  private forget(client: ClientSocket): void {
    this.clients.delete(client);
    this.requestFlush();
  }

  /** Where every answer waits for the disk, all sockets of this turn of the loop are heard first: one sync for all of them. */
  private requestFlush(): void {
    if (this.options.fsyncMs !== 0) return this.flush();
    if (this.isFlushScheduled) return;
    this.isFlushScheduled = true;
    setImmediate(() => {
      this.isFlushScheduled = false;
      this.flush();
    });
  }

  private serveDue(): void {
    this.tick();
    this.requestFlush();
  }

  private tick(): void {
    this.state.tick(machineNowMs());
  }

  private flush(): void {
    this.proceedAll();
    const { answered } = this;
    this.answered = [];
    if (this.writeLog()) for (const client of answered) client.flush();
    else for (const client of answered) client.destroy();
    if (this.server.listening) this.wakeup.setFor(this.state.nextDueMs);
  }

  /** One client's command may end the wait of another that had its turn: that one is put at the end and gets one more. */
  private proceedAll(): void {
    for (const client of this.answered) client.proceed();
  }

  /** What could not be written must not be acknowledged: then the clients of this batch lose their connection instead of an answer. */
  private writeLog(): boolean {
    const binlog = this.openLog?.binlog;
    if (!binlog) return true;
    try {
      binlog.flush();
      if (binlog.needsSync) this.syncOrPlan();
      return true;
    } catch {
      return false;
    }
  }

  private syncOrPlan(): void {
    const { fsyncMs = -1 } = this.options;
    if (fsyncMs === 0) this.openLog?.binlog.syncNow();
    else if (fsyncMs > 0 && !this.syncWakeup.isSet) this.syncWakeup.setFor(machineNowMs() + fsyncMs);
  }
}

function describeProcess(): ServerFacts {
  return {
    pid: process.pid,
    version: emulatedVersion,
    instanceId: randomBytes(8).toString('hex'),
    hostname: hostname(),
    os: osVersion(),
    platform: machine(),
    startedAtMs: machineNowMs(),
    cpuMicroseconds: () => process.cpuUsage(),
  };
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const place = 'path' in address ? { path: address.path } : { host: address.host, port: address.port };
    server.listen({ ...place, backlog: maxPendingConnections }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
