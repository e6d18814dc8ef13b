declare module 'fivebeans/lib/client.js' {
  import { EventEmitter } from 'node:events';

  /** fivebeans 1.5.0, the part that we use. Errors are plain strings. After a lost connection it never calls back. */
  class Client extends EventEmitter {
    constructor(host: string, port: number | string);
    connect(): void;
    end(): void;
    readonly stream: import('node:net').Socket;
    readonly handlers: unknown[];
    tryHandlingResponse(): void;
    use(tube: string, done: Client.Callback): void;
    put(priority: number, delaySeconds: number, ttrSeconds: number, body: Buffer, done: Client.Callback): void;
    watch(tube: string, done: Client.Callback): void;
    ignore(tube: string, done: Client.Callback): void;
    reserve_with_timeout(this: Client.Target, seconds: number, done: Client.Callback): void;
    destroy(jobId: string, done: Client.Callback): void;
    release(jobId: string, priority: number, delaySeconds: number, done: Client.Callback): void;
    bury(jobId: string, priority: number, done: Client.Callback): void;
    touch(jobId: string, done: Client.Callback): void;
    kick(bound: number, done: Client.Callback): void;
    kick_job(jobId: string, done: Client.Callback): void;
    peek(jobId: string, done: Client.Callback): void;
    peek_ready(done: Client.Callback): void;
    peek_delayed(done: Client.Callback): void;
    peek_buried(done: Client.Callback): void;
    pause_tube(tube: string, seconds: number, done: Client.Callback): void;
    list_tubes(done: Client.Callback): void;
    stats_job(jobId: string, done: Client.Callback): void;
    stats_tube(tube: string, done: Client.Callback): void;
    stats(done: Client.Callback): void;
  }

  namespace Client {
    type Callback = (error: string | null, ...values: unknown[]) => void;

    /** What a command needs from the client object. */
    interface Target {
      readonly handlers: unknown[];
      readonly stream: { write(data: Buffer): unknown };
    }
  }

  export default Client;
}
