declare module 'fivebeans/lib/client.js' {
  import { EventEmitter } from 'node:events';

  /** fivebeans 1.5.0, as far as it is used. Errors are bare words; a lost connection answers nothing. */
  type Callback = (error: string | null, ...values: unknown[]) => void;

  class Client extends EventEmitter {
    constructor(host: string, port: number | string);
    connect(): void;
    end(): void;
    readonly stream: import('node:net').Socket;
    use(tube: string, done: Callback): void;
    put(priority: number, delaySeconds: number, ttrSeconds: number, body: Buffer, done: Callback): void;
    watch(tube: string, done: Callback): void;
    ignore(tube: string, done: Callback): void;
    reserve_with_timeout(seconds: number, done: Callback): void;
    destroy(jobId: string, done: Callback): void;
    release(jobId: string, priority: number, delaySeconds: number, done: Callback): void;
    bury(jobId: string, priority: number, done: Callback): void;
    touch(jobId: string, done: Callback): void;
    kick(bound: number, done: Callback): void;
    kick_job(jobId: string, done: Callback): void;
    peek(jobId: string, done: Callback): void;
    peek_ready(done: Callback): void;
    peek_delayed(done: Callback): void;
    peek_buried(done: Callback): void;
    pause_tube(tube: string, seconds: number, done: Callback): void;
    list_tubes(done: Callback): void;
    stats_job(jobId: string, done: Callback): void;
    stats_tube(tube: string, done: Callback): void;
    stats(done: Callback): void;
  }

  export default Client;
}
