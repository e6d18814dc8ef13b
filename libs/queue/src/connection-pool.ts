import { type Clock, InvalidInputError, type Logger, TransientError } from '#domain';
import { BeanstalkConnection } from './beanstalk-connection.js';
import type { EndpointFinder } from './endpoint-finder.js';
import { type Endpoint, describeEndpoint, rankEndpoints } from './endpoint.js';
import { isQueueTimeout, queueUnavailable } from './queue-errors.js';
import { ServerHealth } from './server-health.js';

/** Calls to one server. */
export type ServerWork<Result> = (connection: BeanstalkConnection) => Promise<Result>;

/** The result of calls to one server. */
export type ServerReply<Result> =
  { readonly server: string; readonly value: Result } | { readonly server: string; readonly error: unknown };

/** Holds one connection to each server. Connects at the first call and again after a loss. */
export class ConnectionPool {
  private readonly connections = new Map<string, Promise<BeanstalkConnection>>();
  private readonly health: ServerHealth;

  constructor(
    private readonly endpoints: EndpointFinder,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.health = new ServerHealth(clock);
  }

  /**
   * Works on the key's server, or on the next one when that server is unavailable, silent or refuses: the work may be done on
   * both. Throws TransientError `queue_unavailable` when every server fails, and at once an error that no other server cures.
   */
  async runOnFirst<Result>(key: string, work: ServerWork<Result>): Promise<Result> {
    let failure: unknown;
    for (const endpoint of this.health.availableFirst(rankEndpoints(this.endpoints.find(), key))) {
      const name = describeEndpoint(endpoint);
      this.health.markTried(name);
      try {
        const result = await this.run(endpoint, work);
        this.health.markSucceeded(name);
        return result;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        failure = error;
        this.skip(name, error);
      }
    }
    throw queueUnavailable('no queue server accepted the job', failure);
  }

  /** Works on every server, or on the named one. Throws InvalidInputError `unknown_queue_server` when the name is not one of ours. */
  async runOnEach<Result>(work: ServerWork<Result>, server?: string): Promise<ServerReply<Result>[]> {
    const all = this.endpoints.find();
    const chosen = all.filter((endpoint) => server === undefined || describeEndpoint(endpoint) === server);
    if (server !== undefined && chosen.length === 0) throw unknownServer();
    return Promise.all(chosen.map((endpoint) => this.toReply(endpoint, work)));
  }

  /** As {@link runOnEach}: the results of the servers that replied. Throws TransientError `queue_unavailable` when none did. */
  async collect<Result>(work: ServerWork<Result>, server?: string): Promise<Result[]> {
    const replies = await this.runOnEach(work, server);
    const values = replies.flatMap((reply) => ('value' in reply ? [reply.value] : []));
    if (values.length > 0) return values;
    const failed = replies.find((reply) => 'error' in reply);
    throw queueUnavailable('no queue server replied', failed?.error);
  }

  /** Returns true at the first success, without waiting for slower servers; false when every server fails. Never throws. */
  async succeedsOnAny(work: ServerWork<unknown>): Promise<boolean> {
    const results = this.endpoints.find().map((endpoint) => this.run(endpoint, work));
    return Promise.any(results).then(
      () => true,
      () => false,
    );
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const opened = [...this.connections.values()];
    this.connections.clear();
    for (const connection of await Promise.allSettled(opened)) {
      if (connection.status === 'fulfilled') connection.value.close();
    }
  }

  private skip(server: string, error: unknown): void {
    const skipMs = this.health.markFailed(server);
    if (skipMs !== undefined) this.logger.warn('queue server failed; skipped for a while', { server, skip_ms: skipMs, error });
  }

  private async toReply<Result>(endpoint: Endpoint, work: ServerWork<Result>): Promise<ServerReply<Result>> {
    const server = describeEndpoint(endpoint);
    try {
      return { server, value: await this.run(endpoint, work) };
    } catch (error) {
      return { server, error };
    }
  }

  /** Replaces once a known connection that fails at its first call after a pause: the server may have restarted. */
  private async run<Result>(endpoint: Endpoint, work: ServerWork<Result>): Promise<Result> {
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
    const opening = BeanstalkConnection.open(endpoint, this.clock);
    this.connections.set(name, opening);
    const forget = () => {
      if (this.connections.get(name) === opening) this.connections.delete(name);
    };
    opening.then((connection) => connection.whenClosed(forget), forget);
    return opening;
  }
}

const unknownServer = () =>
  new InvalidInputError('Unknown queue server', {
    code: 'unknown_queue_server',
    fields: [{ field: 'server', problem: 'is not one of BEANSTALK_URL' }],
  });
