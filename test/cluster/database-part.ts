import { mkdir } from 'node:fs/promises';
import { type MariaDbProcess, startMariaDb } from '../support/mariadb-process.js';
import type { Part } from './part.js';

/** How MariaDB is started. */
export interface DatabasePartOptions {
  /** Where its data is. */
  readonly folder: string;
  /** Its abort kills MariaDB; nothing starts any more. */
  readonly killed: AbortSignal;
  /** Receives the URL of a new schema after the first start. */
  readonly onCreated: (databaseUrl: string) => Promise<void>;
}

/** MariaDB as a part of a cluster. A commit survives its kill. */
export class DatabasePart implements Part {
  readonly name = 'database';
  private server: MariaDbProcess | undefined;
  private starting: Promise<void> | undefined;

  constructor(private readonly options: DatabasePartOptions) {}

  get address(): string {
    return `mysql://127.0.0.1:${this.server?.port}`;
  }

  start(): Promise<void> {
    this.options.killed.throwIfAborted();
    this.starting = this.server ? this.server.restart() : this.create();
    return this.starting;
  }

  async kill(): Promise<void> {
    // A killed cluster aborts the start that is running.
    if (this.options.killed.aborted) await this.starting?.catch(() => {});
    await this.server?.kill();
  }

  async stop(): Promise<void> {
    await this.server?.stop();
  }

  private async create(): Promise<void> {
    const { folder, killed, onCreated } = this.options;
    await mkdir(folder);
    this.server = await startMariaDb({ isDurable: true, folder, signal: killed });
    const { database } = await this.server.createSchema();
    await onCreated(`mysql://root:@127.0.0.1:${this.server.port}/${database}`);
  }
}
