import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname, machine, version as osVersion } from 'node:os';
import { type OpenBinlog, openBinlog } from '../binlog/open-binlog.js';
import { QueueState } from '../core/queue-state.js';
import type { ServerInfo } from '../protocol/statistics.js';
import { ClientSocket } from './client-socket.js';
import { removeStaleSocket } from './listening-address.js';
import { machineNowMs, Wakeup } from './machine-time.js';

/** Where a server listens: TCP (port 0 takes any free port) or a unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** Options of a server. The names of beanstalkd's flags are in brackets. */
export interface BeanstalkServerOptions {
  /** (`-l`, `-p`) */
  readonly listen: ListenAddress;
  /** A second address; beanstalkd has none. */
  readonly alsoListen?: ListenAddress | undefined;
  /** Directory of the log (`-b`). Without it, jobs are in memory only. */
  readonly binlogDir?: string | undefined;
  /** Longest time in ms before a recorded change is synced (`-f`). 0: synced before the reply. Undefined or -1: never synced (`-F`). */
  readonly fsyncMs?: number | undefined;
  /** Largest body of a job (`-z`). Default 65535. */
  readonly maxJobBytes?: number | undefined;
  /** Size of one log file (`-s`). Default 10 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Gets one line about each problem that needs an operator: a full disk, a damaged log file, a refused connection. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A running server. */
export interface BeanstalkServer {
  /** Port that the server listens on; undefined on a unix socket. */
  readonly port: number | undefined;
  /** Starts drain mode, as SIGUSR1 does in beanstalkd: every later put gets the reply DRAINING. It cannot be ended. */
  drain(): void;
  /** Closes all connections, writes and syncs the log, and releases address and directory. Rejects when the log cannot be written. */
  close(): Promise<void>;
}

/** Length of the kernel's queue of connections that are not accepted yet: the same as in beanstalkd 1.12. */
const maxPendingConnections = 1024;

/** Version of beanstalkd whose protocol, replies and log format this server reproduces; `stats` reports it. */
export const emulatedVersion = '1.12';

/**
 * Starts a server that speaks beanstalkd 1.12's protocol. Resolves when its jobs are restored from the log and it listens.
 * Promise: with `binlogDir`, a job whose put got the reply INSERTED survives a kill of the process; with `fsyncMs` 0 also a
 * loss of power. Rejects with DirectoryLockedError when another server uses the directory, and with another error when the
 * address is in use or the log cannot be read or written. Differences from beanstalkd: docs/COMPATIBILITY.md.
 */
export async function startBeanstalkServer(options: BeanstalkServerOptions): Promise<BeanstalkServer> {
  const server = new SocketServer(options);
  await server.start(options.listen);
  return server;
}

class SocketServer implements BeanstalkServer {
  private readonly state = new QueueState(machineNowMs());
  private readonly server: Server;
  /** Listens on the second address. */
  private secondServer: Server | undefined;
  private readonly clients = new Set<ClientSocket>();
  private clientsWithReplies: ClientSocket[] = [];
  private readonly wakeup = new Wakeup(() => this.serveDue());
  private readonly syncWakeup = new Wakeup(() => void this.openLog?.binlog.sync());
  private readonly serverInfo: ServerInfo = describeProcess();
  private openLog: OpenBinlog | undefined;
  private isFlushScheduled = false;
  private hasReportedRefusal = false;

  constructor(private readonly options: BeanstalkServerOptions) {
    this.server = this.createServer();
  }

  get port(): number | undefined {
    const address = this.server.address();
    return address && typeof address === 'object' ? address.port : undefined;
  }

  /** Clients connect while the log is read; the kernel keeps their connections until the event loop runs again. */
  async start(address: ListenAddress): Promise<void> {
    if ('path' in address) await removeStaleSocket(address.path);
    await listen(this.server, address);
    try {
      await this.listenAlso(this.options.alsoListen);
      this.openLog = this.openLogAt(this.options.binlogDir);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.server.on('error', (error) => this.reportRefusedConnection(error));
    this.serveDue();
  }

  drain(): void {
    this.state.isDraining = true;
  }

  async close(): Promise<void> {
    this.wakeup.clear();
    this.syncWakeup.clear();
    const servers = [this.server, ...(this.secondServer ? [this.secondServer] : [])];
    const closed = Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    for (const client of this.clients) client.destroy();
    await closed;
    this.wakeup.clear();
    this.openLog?.close();
    this.openLog = undefined;
  }

  private createServer(): Server {
    return createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => this.accept(socket));
  }

  private async listenAlso(address: ListenAddress | undefined): Promise<void> {
    if (!address) return;
    this.secondServer = this.createServer();
    await listen(this.secondServer, address);
    this.secondServer.on('error', (error) => this.reportRefusedConnection(error));
  }

  private openLogAt(directory: string | undefined): OpenBinlog | undefined {
    const { segmentBytes = 10 * 1024 * 1024, fsyncMs = -1, onWarning = () => {} } = this.options;
    if (directory === undefined) return undefined;
    return openBinlog({ directory, segmentBytes, isSynced: fsyncMs >= 0, onWarning }, this.state);
  }

  private accept(socket: Socket): void {
    const options = { state: this.state, serverInfo: this.serverInfo, maxJobBytes: this.options.maxJobBytes ?? 65_535 };
    const client = new ClientSocket(socket, options, {
      beforeInput: () => this.tick(),
      onReplies: (one) => this.clientsWithReplies.push(one),
      afterInput: () => this.requestFlush(),
      onClosed: (one) => this.removeClient(one),
    });
    this.clients.add(client);
    this.hasReportedRefusal = false;
  }

  /** The kernel may refuse a connection, for example without free sockets or memory. Reported once until a connection is accepted. */
  private reportRefusedConnection(error: Error): void {
    if (!this.hasReportedRefusal) this.options.onWarning?.(`a connection could not be accepted: ${error.message}`);
    this.hasReportedRefusal = true;
  }

  private removeClient(client: ClientSocket): void {
    this.clients.delete(client);
    this.requestFlush();
  }

  /** When replies wait for a sync, all sockets of this turn of the event loop are served first: one sync for all of them. */
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
    const { clientsWithReplies } = this;
    this.clientsWithReplies = [];
    if (this.writeLog()) for (const client of clientsWithReplies) client.flush();
    else for (const client of clientsWithReplies) client.destroy();
    if (this.server.listening) this.wakeup.setFor(this.state.nextDueMs);
  }

  /** A command of one client may end the wait of another: that client is then added to the end of the list and served too. */
  private proceedAll(): void {
    for (const client of this.clientsWithReplies) client.proceed();
  }

  /** False when the write fails: an unwritten change must not be acknowledged, so the clients of this batch are disconnected instead. */
  private writeLog(): boolean {
    const binlog = this.openLog?.binlog;
    if (!binlog) return true;
    try {
      binlog.flush();
      if (binlog.needsSync) this.syncOrScheduleSync();
      return true;
    } catch {
      return false;
    }
  }

  private syncOrScheduleSync(): void {
    const { fsyncMs = -1 } = this.options;
    if (fsyncMs === 0) this.openLog?.binlog.syncNow();
    else if (fsyncMs > 0 && !this.syncWakeup.isSet) this.syncWakeup.setFor(machineNowMs() + fsyncMs);
  }
}

function describeProcess(): ServerInfo {
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
