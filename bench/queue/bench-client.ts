/** How a bench client connects and what it sends. */
export interface ClientOptions {
  readonly port: number;
  readonly bodyBytes: number;
  /** Number of commands that are sent and not replied to, at any time. */
  readonly inFlight: number;
}

/** One connection to a queue server. Uses the tube `default`. */
export interface BenchClient {
  /** Puts `count` jobs. Resolves when every put has got its reply. */
  put(count: number): Promise<void>;
  /** Reserves `count` jobs and deletes each one. Resolves when every delete has got its reply. */
  reserveAndDelete(count: number): Promise<void>;
  /** Closes the connection. */
  close(): void;
}

/** Opens a connection. */
export type ConnectClient = (options: ClientOptions) => Promise<BenchClient>;

/** Returns a job body of that size. */
export const bodyOf = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');
