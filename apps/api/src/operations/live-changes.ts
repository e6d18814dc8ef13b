import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Clock, errorCodeOf, Logger, TransientError, toIsoTime } from '#domain';
import { ChangeReader, type Changes, type Snapshot } from '#sync';
import type { EventStream } from './event-stream.js';
import { LiveOverview } from './live-overview.js';
import type { OverviewResponse, QueuesResponse, StreamEvents } from './operations-responses.js';
import { QueueStatus } from './queue-status.js';

/** Everything that the stream shows, at one moment. */
interface Picture {
  readonly overview: OverviewResponse;
  readonly queues: QueuesResponse;
  readonly snapshot: Snapshot;
}

type Send = <Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name]) => void;

const POLL_MS = 1_000;
const BEAT_MS = 15_000;
const MAX_CLIENTS = 50;

const tooManyClients = () => new TransientError('too many clients of the stream', { code: 'too_many_streams' });

/** `at` and the ages change all the time and are no news. */
const withoutTime = ({ at: _at, ...overview }: OverviewResponse) => JSON.stringify(overview);

/** Uptimes change all the time and are no news. */
const withoutUptime = ({ queues, servers }: QueuesResponse) =>
  JSON.stringify([queues, servers.map(({ uptime_seconds: _seconds, ...server }) => server)]);

/**
 * Reads once a second what has changed, while a client is connected, and sends it to every client. Each API process does so for
 * itself: a client may connect to any of them.
 */
@Injectable()
export class LiveChanges implements OnModuleDestroy {
  private readonly clients = new Set<EventStream>();
  private readonly stopping = new AbortController();
  private picture: Picture | undefined;
  private polling: Promise<void> | undefined;
  private failure: string | undefined;

  constructor(
    private readonly overview: LiveOverview,
    private readonly queues: QueueStatus,
    private readonly changes: ChangeReader,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Throws TransientError `too_many_streams` when this process serves 50 clients. */
  assertFree(): void {
    if (this.clients.size >= MAX_CLIENTS || this.stopping.signal.aborted) throw tooManyClients();
  }

  /** Sends everything, and then what changes, until {@link remove} or the stop of the process. */
  add(client: EventStream): void {
    this.clients.add(client);
    client.send('hello', { at: toIsoTime(this.clock.nowMs()) });
    if (this.picture && this.polling) this.sendAll(client, this.picture);
    this.polling ??= this.poll();
  }

  /** Forgets a client that has disconnected. */
  remove(client: EventStream): void {
    this.clients.delete(client);
  }

  /** Closes every stream. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    for (const client of this.clients) client.close();
    this.clients.clear();
    await this.polling;
  }

  private async poll(): Promise<void> {
    let beatAtMs = this.clock.nowMs() + BEAT_MS;
    this.picture = undefined;
    while (this.clients.size > 0 && !this.stopping.signal.aborted) {
      await this.look();
      if (this.clock.nowMs() >= beatAtMs) {
        for (const client of this.clients) client.beat();
        beatAtMs = this.clock.nowMs() + BEAT_MS;
      }
      await this.clock.sleep(POLL_MS, this.stopping.signal).catch(() => {});
    }
    this.polling = undefined;
  }

  /** Reads and sends once. An error is sent too: what the clients show is old then. */
  private async look(): Promise<void> {
    try {
      const next = await this.read();
      if (this.picture) await this.sendChanges(this.picture, next);
      else for (const client of this.clients) this.sendAll(client, next);
      this.picture = next;
      this.failure = undefined;
    } catch (error) {
      this.reportFailure(error);
    }
  }

  private async read(): Promise<Picture> {
    const [overview, queues, snapshot] = await Promise.all([this.overview.read(), this.queues.read(), this.changes.read()]);
    return { overview, queues, snapshot };
  }

  private sendAll(client: EventStream, { overview, queues, snapshot }: Picture): void {
    client.send('overview', overview);
    client.send('queues', queues);
    client.send('pauses', { pauses: snapshot.pauses });
    for (const run of snapshot.runs) client.send('run', run);
  }

  private async sendChanges(before: Picture, after: Picture): Promise<void> {
    const changes = await this.changes.compare(before.snapshot, after.snapshot);
    const send: Send = (name, data) => {
      for (const client of this.clients) client.send(name, data);
    };
    if (withoutTime(before.overview) !== withoutTime(after.overview)) send('overview', after.overview);
    if (withoutUptime(before.queues) !== withoutUptime(after.queues)) send('queues', after.queues);
    sendEach(send, changes);
  }

  private reportFailure(error: unknown): void {
    const code = errorCodeOf(error);
    if (this.failure === code) return;
    this.failure = code;
    this.logger.warn('changes not read; will retry', { error });
    for (const client of this.clients) client.send('problem', { error: code });
  }
}

function sendEach(send: Send, { runs, accountIds, auditId, pauses }: Changes): void {
  for (const run of runs) send('run', run);
  if (accountIds.length > 0) send('accounts', { account_ids: accountIds });
  if (auditId !== null) send('audit', { audit_id: auditId });
  if (pauses) send('pauses', { pauses });
}
