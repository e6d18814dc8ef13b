import { type Clock, InvalidInputError, type Logger, TransientError } from '#domain';
import { BeanstalkConnection } from './beanstalk-connection.js';
import { type Endpoint, describeEndpoint, rankEndpoints } from './endpoint.js';
import { isQueueTimeout, queueUnavailable } from './queue-errors.js';
import { ServerHealth } from './server-health.js';

/** What is asked of one server. */
export type ServerWork<Result> = (connection: BeanstalkConnection) => Promise<Result>;

/** What became of a call to one server. */
export type ServerReply<Result> =
  { readonly server: string; readonly value: Result } | { readonly server: string; readonly error: unknown };

/** What the pool stands on. */
export interface ConnectionPoolOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every server, each call anew. */
  readonly findEndpoints: () => readonly Endpoint[];
}

/** One connection to each server, made when it is needed and again when it was lost. */
export class ConnectionPool {
  private readonly connections = new Map<string, Promise<BeanstalkConnection>>();
  private readonly health: ServerHealth;

  constructor(private readonly options: ConnectionPoolOptions) {
    this.health = new ServerHealth(options.clock);
  }

  /**
   * Works on the server of the key; on the next one when that is down, silent or refuses, so the work may be done on both.
   * Throws TransientError `queue_unavailable` when none does it, and at once what is no matter of the server.
   */
  async onFirst<Result>(key: string, work: ServerWork<Result>): Promise<Result> {
    let failure: unknown;
    for (const endpoint of this.health.liveFirst(rankEndpoints(this.options.findEndpoints(), key))) {
      const name = describeEndpoint(endpoint);
      this.health.trying(name);
      try {
        const result = await this.use(endpoint, work);
        this.health.succeeded(name);
        return result;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        failure = error;
        this.passBy(name, error);
      }
    }
    throw queueUnavailable('no queue server takes the job', failure);
  }

  /** Works on every server, or on the named one. Throws InvalidInputError `unknown_queue_server` when there is none such. */
  async askEach<Result>(work: ServerWork<Result>, server?: string): Promise<ServerReply<Result>[]> {
    const all = this.options.findEndpoints();
    const endpoints = all.filter((endpoint) => server === undefined || describeEndpoint(endpoint) === server);
    if (server !== undefined && endpoints.length === 0) throw unknownServer();
    return Promise.all(endpoints.map((endpoint) => this.ask(endpoint, work)));
  }

  /** As {@link askEach}, what those said that answer. Throws TransientError `queue_unavailable` when none does. */
  async onEach<Result>(work: ServerWork<Result>, server?: string): Promise<Result[]> {
    const answers = await this.askEach(work, server);
    const values = answers.flatMap((answer) => ('value' in answer ? [answer.value] : []));
    if (values.length > 0) return values;
    const failed = answers.find((answer) => 'error' in answer);
    throw queueUnavailable('no queue server answers', failed?.error);
  }

  /** Waits for the first answer only: a silent server beside one that is well takes no time. */
  async doesOneAnswer(work: ServerWork<unknown>): Promise<boolean> {
    const answers = this.options.findEndpoints().map((endpoint) => this.use(endpoint, work));
    return Promise.any(answers).then(
      () => true,
      () => false,
    );
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const opened = [...this.connections.values()];
    this.connections.clear();
    for (const connection of await Promise.allSettled(opened)) {
      if (connection.status === 'fulfilled') connection.value.close();
    }
  }

  private passBy(server: string, error: unknown): void {
    const restMs = this.health.failed(server);
    if (restMs !== undefined) this.options.logger.warn('a queue server takes no jobs', { server, pass_by_ms: restMs, error });
  }

  private async ask<Result>(endpoint: Endpoint, work: ServerWork<Result>): Promise<ServerReply<Result>> {
    const server = describeEndpoint(endpoint);
    try {
      return { server, value: await this.use(endpoint, work) };
    } catch (error) {
      return { server, error };
    }
  }

  /** A connection that dies in the first call after a silence is replaced once: the server may have been restarted meanwhile. */
  private async use<Result>(endpoint: Endpoint, work: ServerWork<Result>): Promise<Result> {
    const isKnown = this.connections.has(describeEndpoint(endpoint));
    const connection = await this.connect(endpoint);
    try {
      return await work(connection);
    } catch (error) {
      if (connection.isOpen || !isKnown || isQueueTimeout(error)) throw error;
      return work(await this.connect(endpoint));
    }
  }

  private async connect(endpoint: Endpoint): Promise<BeanstalkConnection> {
    const name = describeEndpoint(endpoint);
    const known = this.connections.get(name);
    if (known) return known;
    const opening = BeanstalkConnection.open(endpoint, this.options.clock);
    this.connections.set(name, opening);
    const forget = () => {
      if (this.connections.get(name) === opening) this.connections.delete(name);
    };
    opening.then((connection) => connection.whenClosed(forget), forget);
    return opening;
  }
}

const unknownServer = () =>
  new InvalidInputError('there is no such queue server', {
    code: 'unknown_queue_server',
    fields: [{ field: 'server', problem: 'is not one of BEANSTALK_URL' }],
  });
