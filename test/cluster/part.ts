import { BuiltProcess, type BuiltProcessOptions, eventually } from '../support/built-process.js';

/** A part of a cluster that can be killed and started again. */
export interface Part {
  readonly name: string;
  /** Where it listens; undefined for a worker. */
  readonly address: string | undefined;
  /** Starts it. Resolves when it serves. */
  start(): Promise<void>;
  /** Kills it with SIGKILL. */
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
    const { name, process, line, isReady } = this.options;
    const started = new BuiltProcess(process);
    this.running = started;
    if (line) await started.waitForLine(line);
    if (!isReady) return;
    await eventually(`a ready ${name}`, async () => {
      if (started.exitCode !== undefined) throw new Error(`${name} exited with ${started.exitCode}:\n${started.output}`);
      return isReady();
    });
  }

  async kill(): Promise<void> {
    await this.running?.kill();
  }

  async stop(): Promise<void> {
    await this.running?.stop();
  }
}
