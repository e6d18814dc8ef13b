import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { RawClient } from '../../support/beanstalkd-process.js';
import { type Implementation, QueueProcess, type QueueProcessOptions } from '../../support/queue-process.js';
import { endOfReply } from './lockstep.js';

/** A client that sends commands and returns whole replies. */
export class CommandClient {
  private unread = '';

  constructor(private readonly raw: RawClient) {}

  /** Sends all commands at once and returns the reply to each. Throws when the server closes the connection. */
  async ask(...commands: readonly string[]): Promise<string[]> {
    this.raw.send(commands.map((command) => `${command}\r\n`).join(''));
    const replies: string[] = [];
    while (replies.length < commands.length) replies.push(await this.nextReply());
    return replies;
  }

  /** Sends one command and returns its reply. */
  async askOne(command: string): Promise<string> {
    const [reply = ''] = await this.ask(command);
    return reply;
  }

  close(): void {
    this.raw.close();
  }

  private async nextReply(): Promise<string> {
    for (let end = endOfReply(this.unread, 0); ; end = endOfReply(this.unread, 0)) {
      if (end !== undefined) return this.take(end);
      await this.raw.more();
      this.unread += this.raw.takeReceived();
    }
  }

  private take(end: number): string {
    const taken = this.unread.slice(0, end);
    this.unread = this.unread.slice(end);
    return taken;
  }
}

export const putCommand = (body: string, { priority = 1, delay = 0, ttr = 1_000 } = {}): string =>
  `put ${priority} ${delay} ${ttr} ${body.length}\r\n${body}`;

/** A job as a server reports it in `stats-job` and `peek`. */
export interface JobSnapshot {
  readonly id: number;
  readonly tube: string;
  readonly state: string;
  readonly body: string;
  /** Priority, delay, time-to-run, file and all counts. */
  readonly fields: Readonly<Record<string, number>>;
  /** Seconds from its creation until it becomes ready, plus or minus one; 0 unless it is delayed. */
  readonly dueAfterSeconds: number;
}

const numericFields = ['pri', 'delay', 'ttr', 'file', 'reserves', 'timeouts', 'releases', 'buries', 'kicks'];

function toSnapshot(id: number, stats: string, found: string): JobSnapshot {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stats)?.[1] ?? '';
  return {
    id,
    tube: field('tube'),
    state: field('state'),
    body: found.slice(found.indexOf('\r\n') + 2, -2),
    fields: Object.fromEntries(numericFields.map((name) => [name, Number(field(name))])),
    dueAfterSeconds: field('state') === 'delayed' ? Number(field('age')) + Number(field('time-left')) : 0,
  };
}

/** Reads the existing jobs among `ids`. */
export async function readJobs(client: CommandClient, ids: readonly number[]): Promise<JobSnapshot[]> {
  const replies = await client.ask(...ids.flatMap((id) => [`stats-job ${id}`, `peek ${id}`]));
  const snapshots = ids.map((id, index) => {
    const stats = replies[2 * index] ?? '';
    return stats.startsWith('OK ') ? toSnapshot(id, stats, replies[2 * index + 1] ?? '') : undefined;
  });
  return snapshots.filter((snapshot) => snapshot !== undefined);
}

/** Reads all existing jobs with an id up to `lastId`. */
export const readAllJobs = (client: CommandClient, lastId: number): Promise<JobSnapshot[]> =>
  readJobs(
    client,
    Array.from({ length: lastId }, (_, index) => index + 1),
  );

/** Compares jobs. The servers report ages in whole seconds, so due times may differ by one second. */
export function expectSameJobs(actual: readonly JobSnapshot[], expected: readonly JobSnapshot[]): void {
  const timeless = (snapshots: readonly JobSnapshot[]) => snapshots.map((snapshot) => ({ ...snapshot, dueAfterSeconds: 0 }));
  expect(timeless(actual)).toEqual(timeless(expected));
  const drift = actual.map((snapshot, index) => Math.abs(snapshot.dueAfterSeconds - (expected[index]?.dueAfterSeconds ?? 0)));
  expect(Math.max(0, ...drift)).toBeLessThanOrEqual(1);
}

/** The job as a restart must restore it: a reserved job is ready, a buried job is counted as buried once more. */
export function afterRestart(snapshot: JobSnapshot): JobSnapshot {
  if (snapshot.state === 'reserved') return { ...snapshot, state: 'ready' };
  if (snapshot.state !== 'buried') return snapshot;
  return { ...snapshot, fields: { ...snapshot.fields, buries: (snapshot.fields['buries'] ?? 0) + 1 } };
}

export type EndSignal = 'SIGTERM' | 'SIGKILL';

/** Folders with logs, and the server processes that use them. */
export class LogScene {
  private readonly root = mkdtempSync(join(tmpdir(), 'log-'));
  private readonly running = new Set<QueueProcess>();
  private readonly clients = new Map<QueueProcess, CommandClient[]>();
  private folders = 0;

  constructor() {
    // A server that runs as another user needs access to its folder.
    chmodSync(this.root, 0o711);
  }

  newFolder(): string {
    this.folders += 1;
    const folder = join(this.root, String(this.folders));
    mkdirSync(folder);
    return folder;
  }

  /** Copies a folder and returns the copy. */
  copyOf(folder: string): string {
    const copy = this.newFolder();
    cpSync(folder, copy, { recursive: true });
    return copy;
  }

  /** Starts a server on the log in `folder`. Throws when the server exits instead. */
  async open(implementation: Implementation, folder: string, options: Partial<QueueProcessOptions> = {}): Promise<QueueProcess> {
    const server = await this.tryToOpen(implementation, folder, options);
    if (server.exitCode !== undefined) throw new Error(`${implementation} ended with ${server.exitCode}:\n${server.stderr}`);
    return server;
  }

  /** As `open`, but an exit is not an error: see `exitCode`. */
  async tryToOpen(implementation: Implementation, folder: string, options: Partial<QueueProcessOptions> = {}): Promise<QueueProcess> {
    const server = await QueueProcess.start({ implementation, folder, ...options });
    this.running.add(server);
    return server;
  }

  /** Starts a server that is expected to exit. It may listen for a short time before. */
  async openUntilExit(implementation: Implementation, folder: string, options: Partial<QueueProcessOptions> = {}): Promise<QueueProcess> {
    const server = await this.tryToOpen(implementation, folder, options);
    await server.ended();
    return server;
  }

  async connect(server: QueueProcess): Promise<CommandClient> {
    const client = new CommandClient(await server.connect());
    this.clients.set(server, [...(this.clients.get(server) ?? []), client]);
    return client;
  }

  async end(server: QueueProcess, signal: EndSignal): Promise<void> {
    await server.end(signal);
    for (const client of this.clients.get(server) ?? []) client.close();
    this.clients.delete(server);
    this.running.delete(server);
  }

  /** Starts a server on the log in `folder`, reads all jobs up to `lastId` and kills the server. */
  async read(
    implementation: Implementation,
    folder: string,
    lastId: number,
    options: Partial<QueueProcessOptions> = {},
  ): Promise<JobSnapshot[]> {
    const server = await this.open(implementation, folder, options);
    const snapshots = await readAllJobs(await this.connect(server), lastId);
    await this.end(server, 'SIGKILL');
    return snapshots;
  }

  async close(): Promise<void> {
    for (const server of [...this.running]) await this.end(server, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}
