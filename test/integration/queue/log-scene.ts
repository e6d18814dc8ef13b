import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { RawClient } from '../../support/beanstalkd-process.js';
import { type Maker, QueueProcess, type QueueProcessOptions } from '../../support/queue-process.js';
import { endOfReply } from './lockstep.js';

/** One client that takes replies whole. */
export class Conversation {
  private unread = '';

  constructor(private readonly raw: RawClient) {}

  /** The reply to each of the commands, which are sent at once. Throws when the server hangs up. */
  async ask(...commands: readonly string[]): Promise<string[]> {
    this.raw.send(commands.map((command) => `${command}\r\n`).join(''));
    const replies: string[] = [];
    while (replies.length < commands.length) replies.push(await this.reply());
    return replies;
  }

  async askOne(command: string): Promise<string> {
    const [reply = ''] = await this.ask(command);
    return reply;
  }

  close(): void {
    this.raw.close();
  }

  private async reply(): Promise<string> {
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

/** A job as its server tells of it. */
export interface JobPicture {
  readonly id: number;
  readonly tube: string;
  readonly state: string;
  readonly body: string;
  /** Priority, delay, time-to-run, file and all counts. */
  readonly fields: Readonly<Record<string, number>>;
  /** Seconds from its creation until it is due, give or take one; 0 unless it is delayed. */
  readonly dueAfterSeconds: number;
}

const numericFields = ['pri', 'delay', 'ttr', 'file', 'reserves', 'timeouts', 'releases', 'buries', 'kicks'];

function toPicture(id: number, stats: string, found: string): JobPicture {
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

/** Those jobs that there are. */
export async function lookAt(client: Conversation, ids: readonly number[]): Promise<JobPicture[]> {
  const replies = await client.ask(...ids.flatMap((id) => [`stats-job ${id}`, `peek ${id}`]));
  const pictures = ids.map((id, index) => {
    const stats = replies[2 * index] ?? '';
    return stats.startsWith('OK ') ? toPicture(id, stats, replies[2 * index + 1] ?? '') : undefined;
  });
  return pictures.filter((picture) => picture !== undefined);
}

export const lookAtAll = (client: Conversation, lastId: number): Promise<JobPicture[]> =>
  lookAt(
    client,
    Array.from({ length: lastId }, (_, index) => index + 1),
  );

/** Ages are whole seconds: what is due at the same moment may look one second apart. */
export function expectSameJobs(actual: readonly JobPicture[], expected: readonly JobPicture[]): void {
  const timeless = (pictures: readonly JobPicture[]) => pictures.map((picture) => ({ ...picture, dueAfterSeconds: 0 }));
  expect(timeless(actual)).toEqual(timeless(expected));
  const drift = actual.map((picture, index) => Math.abs(picture.dueAfterSeconds - (expected[index]?.dueAfterSeconds ?? 0)));
  expect(Math.max(0, ...drift)).toBeLessThanOrEqual(1);
}

/** What a restart makes of a job: what was reserved is ready, what was buried is buried once more. */
export function afterRestart(picture: JobPicture): JobPicture {
  if (picture.state === 'reserved') return { ...picture, state: 'ready' };
  if (picture.state !== 'buried') return picture;
  return { ...picture, fields: { ...picture.fields, buries: (picture.fields['buries'] ?? 0) + 1 } };
}

export type Ending = 'SIGTERM' | 'SIGKILL';

/** A log's folder and the servers that were opened on it or on copies of it. */
export class LogScene {
  private readonly root = mkdtempSync(join(tmpdir(), 'log-'));
  private readonly running = new Set<QueueProcess>();
  private readonly clients = new Map<QueueProcess, Conversation[]>();
  private folders = 0;

  constructor() {
    // A server that runs as another user must get at its folder.
    chmodSync(this.root, 0o711);
  }

  newFolder(): string {
    this.folders += 1;
    const folder = join(this.root, String(this.folders));
    mkdirSync(folder);
    return folder;
  }

  copyOf(folder: string): string {
    const copy = this.newFolder();
    cpSync(folder, copy, { recursive: true });
    return copy;
  }

  /** Throws when the server refuses to start. */
  async open(maker: Maker, folder: string, options: Partial<QueueProcessOptions> = {}): Promise<QueueProcess> {
    const server = await this.tryToOpen(maker, folder, options);
    if (server.exitCode !== undefined) throw new Error(`${maker} ended with ${server.exitCode}:\n${server.stderr}`);
    return server;
  }

  async tryToOpen(maker: Maker, folder: string, options: Partial<QueueProcessOptions> = {}): Promise<QueueProcess> {
    const server = await QueueProcess.start({ maker, folder, ...options });
    this.running.add(server);
    return server;
  }

  /** A server that must not start: it may listen for a moment before it finds out. */
  async openInVain(maker: Maker, folder: string, options: Partial<QueueProcessOptions> = {}): Promise<QueueProcess> {
    const server = await this.tryToOpen(maker, folder, options);
    await server.ended();
    return server;
  }

  async talk(server: QueueProcess): Promise<Conversation> {
    const client = new Conversation(await server.connect());
    this.clients.set(server, [...(this.clients.get(server) ?? []), client]);
    return client;
  }

  async end(server: QueueProcess, ending: Ending): Promise<void> {
    await server.end(ending);
    for (const client of this.clients.get(server) ?? []) client.close();
    this.clients.delete(server);
    this.running.delete(server);
  }

  /** The jobs that a server of that maker finds in the folder; it is killed afterwards. */
  async read(maker: Maker, folder: string, lastId: number, options: Partial<QueueProcessOptions> = {}): Promise<JobPicture[]> {
    const server = await this.open(maker, folder, options);
    const pictures = await lookAtAll(await this.talk(server), lastId);
    await this.end(server, 'SIGKILL');
    return pictures;
  }

  async close(): Promise<void> {
    for (const server of [...this.running]) await this.end(server, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}
