export interface ClientOptions {
  readonly port: number;
  readonly bodyBytes: number;
  /** Commands on the way at any moment. */
  readonly inFlight: number;
}

/** One connection to a queue server, the tube `default`. */
export interface BenchClient {
  /** Resolves when so many jobs are in the queue. */
  put(count: number): Promise<void>;
  /** Takes so many jobs out of the queue, each deleted by a command of its own. */
  reserveAndDelete(count: number): Promise<void>;
  close(): void;
}

export type ConnectClient = (options: ClientOptions) => Promise<BenchClient>;

export const bodyOf = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');
