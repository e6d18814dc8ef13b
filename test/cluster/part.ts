import { BuiltProcess, type BuiltProcessOptions, eventually } from '../support/built-process.js';

/** A part of a cluster that can be killed and started again. */
export interface Part {
  readonly name: string;
  /** Where it listens; undefined for a worker. */
  readonly address: string | undefined;
  /** Starts it. Resolves when it serves. Throws when its process ends first, or when the cluster is killed. */
  start(): Promise<void>;
  /** Kills it with SIGKILL, also during its start. */
  kill(): Promise<void>;
  /** Stops it with SIGTERM. Throws unless it exits with 0. */
  stop(): Promise<void>;
}

/** How a process of a cluster is started, and when it serves. */
export interface ProcessPartOptions {
  readonly name: string;
  readonly address?: string;
  readonly process: BuiltProcessOptions;
  /** The line that says that it runs. */
  readonly line?: RegExp;
  /** Whether it serves. */
  readonly isReady?: () => Promise<boolean>;
  /** After its abort nothing starts any more. */
  readonly killed: AbortSignal;
}

/** A built program of this project as a part. */
export class ProcessPart implements Part {
  private running: BuiltProcess | undefined;

  constructor(private readonly options: ProcessPartOptions) {}

  get name(): string {
    return this.options.name;
  }

  get address(): string | undefined {
    return this.options.address;
  }

  async start(): Promise<void> {
    const { name, process, line, isReady, killed } = this.options;
    killed.throwIfAborted();
    const started = new BuiltProcess(process);
    this.running = started;
    if (line) await started.waitForLine(line);
    if (!isReady) return;
    const state = await eventually(`a ready ${name}`, async () => {
      if (started.exitCode !== undefined) return 'ended';
      return (await isReady()) && 'serving';
    });
    if (state === 'ended') throw new Error(`${name} exited with ${started.exitCode}:\n${started.output}`);
  }

  async kill(): Promise<void> {
    await this.running?.kill();
  }

  async stop(): Promise<void> {
    await this.running?.stop();
  }
}
