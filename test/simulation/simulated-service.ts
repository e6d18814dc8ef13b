import type { OutboundResult, SendOutbound } from '../../apps/sandbox/src/http/outbound.js';
import type { Database } from '#database';
import { AllAccounts, Sweep } from '#sync';
import { ServiceProcess, type Surroundings } from './service-process.js';
import { SimulatedQueue } from './simulated-queue.js';
import type { SimulatedTime } from './simulated-time.js';
import type { IncomingResponse, OutgoingRequest } from './vendor-network.js';

const RESTART_MS = 2_000;
/** The queue gives the jobs of a process that has stopped to others after this time. */
const TTR_MS = 60_000;
const MIN_SWEEP_MS = 30_000;
/** The number of sweeps in a long time: each costs real time, and the service needs only that some come. */
const SWEEPS = 3;

/** What a simulated service needs. */
export interface ServiceOptions {
  readonly time: SimulatedTime;
  readonly database: Database;
  readonly random: () => number;
  readonly skewsMs: readonly number[];
  readonly request: (request: OutgoingRequest) => Promise<IncomingResponse>;
  /** Called when a process has accepted a hook with 200. */
  readonly onAccepted: (accountId: number, path: string, body: string) => void;
  /** Called when a process dies, or stops for a while. */
  readonly onDeath: () => void;
  /** Called when a run begins in an account. */
  readonly onRun: (accountId: number) => void;
  readonly log?: ((line: string) => void) | undefined;
}

/** How an action of a person on the service ended. `lost`: its process died. */
export type ActionOutcome = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly message: string } | { readonly kind: 'lost' };

/** All processes of the service. A process that dies is started again. */
export class SimulatedService {
  readonly queue: SimulatedQueue;
  private readonly processes: ServiceProcess[] = [];
  private readonly surroundings: Surroundings;
  private turn = 0;
  /** Hooks that were delivered; a vendor may repeat them. */
  private readonly sentHooks: Parameters<SendOutbound>[0][] = [];

  constructor(private readonly options: ServiceOptions) {
    const { time, database, random, request, onRun, log } = options;
    this.queue = new SimulatedQueue(time, () => this.processes, random);
    this.surroundings = { time, database, queue: this.queue, request, onRun, ...(log && { log }) };
  }

  /** Starts all processes. */
  async start(): Promise<void> {
    for (const skewMs of this.options.skewsMs) await this.startProcess(skewMs);
  }

  /** Kills all processes, and starts none. */
  stop(): void {
    for (const process of this.processes.splice(0)) process.life.kill();
  }

  /** Delivers a hook of a vendor to one process. */
  readonly deliver: SendOutbound = async (hook) => {
    if (hook.method !== 'GET') this.sentHooks.push(hook);
    return this.send(hook);
  };

  /** Delivers one of the hooks of before again. */
  async repeatHook(place: number): Promise<void> {
    const hook = this.sentHooks[place % Math.max(1, this.sentHooks.length)];
    if (!hook) return;
    void this.send(hook);
    await this.options.time.pass(1_000);
  }

  private readonly send: SendOutbound = async ({ method, url, body = '', timeoutMs }) => {
    const process = this.chooseProcess();
    if (method === 'GET') return { kind: 'responded', status: 200 };
    if (!process) return { kind: 'unreachable', reason: 'no process' };
    const { time } = this.options;
    const path = new URL(url).pathname;
    return new Promise<OutboundResult>((resolve) => {
      const cancel = time.after(timeoutMs, () => resolve({ kind: 'timeout' }));
      process.onDeath(() => resolve({ kind: 'unreachable', reason: 'the process died' }));
      void process.receive(path, Buffer.from(body)).then(({ status, accountId }) => {
        cancel();
        if (status === 200 && accountId !== undefined) this.options.onAccepted(accountId, path, body);
        resolve({ kind: 'responded', status });
      });
    });
  };

  /** Starts an action of a person in one process, without waiting for its end. */
  act(action: (process: ServiceProcess) => Promise<unknown>): Promise<ActionOutcome> {
    const process = this.chooseProcess();
    if (!process) return Promise.resolve({ kind: 'lost' });
    return new Promise((resolve) => {
      process.onDeath(() => resolve({ kind: 'lost' }));
      action(process).then(
        () => resolve({ kind: 'done' }),
        (error: unknown) => resolve({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
      );
    });
  }

  /** Lets one process die at the point that it reaches after `points` others. */
  crashAfter(points: number): void {
    this.chooseProcess()?.life.dieAfter(points);
  }

  /** Lets one of several processes stop for a while at the point that it reaches after `points` others. */
  stallAfter(points: number, forMs: number): void {
    if (this.processes.length < 2) return;
    const process = this.chooseProcess();
    process?.life.stallAfter(points, forMs);
  }

  /** Lets one of several processes stop for a while when it receives the response of its next call to `method`. */
  stallOnCall(method: string, forMs: number): void {
    if (this.processes.length > 1) this.surroundings.stall = { method, forMs };
  }

  /** Cancels ordered deaths and stops. */
  heal(): void {
    for (const { life } of this.processes) life.live();
    delete this.surroundings.stall;
    Object.assign(this.queue.faults, { lose: 0, repeat: 0, delay: 0, isDown: false });
  }

  /** Lets time pass, with sweeps of the service as its schedule starts them, or fewer in a long time. */
  async pass(ms: number): Promise<void> {
    const { time } = this.options;
    const chunkMs = Math.max(MIN_SWEEP_MS, ms / SWEEPS);
    for (let leftMs = ms; leftMs > 0; leftMs -= chunkMs) {
      await time.pass(Math.min(leftMs, chunkMs));
      if (leftMs >= chunkMs) await this.sweep();
    }
  }

  /** Starts the nightly reconciliation of every account, and repairs webhooks. */
  async startNight(): Promise<void> {
    void this.act((process) => process.get(AllAccounts).checkAll());
    await this.options.time.pass(1_000);
    void this.act((process) => process.get(AllAccounts).reconcileAll());
    await this.options.time.pass(1_000);
  }

  private async sweep(): Promise<void> {
    void this.act((process) => process.get(Sweep).run());
    await this.options.time.settle();
  }

  private chooseProcess(): ServiceProcess | undefined {
    this.turn += 1;
    const working = this.processes.filter(({ life }) => !life.isStalled);
    const chosen = working.length > 0 ? working : this.processes;
    return chosen[this.turn % Math.max(1, chosen.length)];
  }

  private async startProcess(skewMs: number): Promise<void> {
    const process = await ServiceProcess.start(this.surroundings, skewMs);
    this.processes.push(process);
    process.life.onStall(() => {
      this.options.onDeath();
      this.options.time.after(TTR_MS, () => process.life.isStalled && this.queue.returnJobsOf(process));
    });
    process.onDeath(() => this.replace(process, skewMs));
    this.queue.dispatch();
  }

  private replace(process: ServiceProcess, skewMs: number): void {
    const place = this.processes.indexOf(process);
    if (place < 0) return;
    this.processes.splice(place, 1);
    this.options.onDeath();
    this.queue.returnJobsOf(process);
    this.options.time.after(RESTART_MS, () => void this.startProcess(skewMs));
  }
}
