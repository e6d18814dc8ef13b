import { once } from 'node:events';
import Client from 'fivebeans/lib/client.js';
import { bodyOf, type BenchClient, type ClientOptions } from './bench-client.js';

const RESERVE_WITHIN_SECONDS = 10;

type Done = (error: string | null, ...values: unknown[]) => void;

/** The client of libs/queue. Sends the next command when one has got its reply. */
class FivebeansClient implements BenchClient {
  private readonly body: Buffer;

  constructor(
    private readonly client: Client,
    private readonly options: ClientOptions,
  ) {
    this.body = bodyOf(options.bodyBytes);
  }

  put(count: number): Promise<void> {
    return this.repeat(count, (done) => this.client.put(0, 0, 120, this.body, done));
  }

  reserveAndDelete(count: number): Promise<void> {
    return this.repeat(count, (done) => {
      this.client.reserve_with_timeout(RESERVE_WITHIN_SECONDS, (error, id) => {
        if (error) done(error);
        else this.client.destroy(String(id), done);
      });
    });
  }

  close(): void {
    this.client.stream.destroy();
  }

  private repeat(count: number, command: (done: Done) => void): Promise<void> {
    let unsent = count;
    let pending = count;
    return new Promise((resolve, reject) => {
      const next = () => {
        if (unsent === 0) return;
        unsent -= 1;
        command((error) => {
          if (error) return reject(new Error(error));
          pending -= 1;
          if (pending === 0) resolve();
          else next();
        });
      };
      for (let sent = 0; sent < this.options.inFlight; sent += 1) next();
    });
  }
}

/** Opens a connection through fivebeans. */
export async function connectFivebeansClient(options: ClientOptions): Promise<BenchClient> {
  const client = new Client('127.0.0.1', options.port);
  client.connect();
  await once(client, 'connect');
  client.stream.setNoDelay(true);
  return new FivebeansClient(client, options);
}
