import { systemClock } from '#clock';
import type { Clock } from '#domain';
import { HttpServer } from './http/server.js';
import { SandboxApp } from './sandbox-app.js';

/** All options have defaults. */
export interface SandboxOptions {
  /** 0, the default, selects a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Seed of the random stream for faults with a probability and for shuffled hooks. */
  readonly seed?: number;
  readonly clock?: Clock;
}

/** A running sandbox. */
export interface Sandbox {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the emulated Kommo and Unisender on one port, with everything in memory. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { clock = systemClock, seed = 1, host = '127.0.0.1' } = options;
  const reset = () => {
    app.close();
    app = new SandboxApp({ clock, seed, reset });
  };
  let app = new SandboxApp({ clock, seed, reset });
  const server = new HttpServer(async (call) => app.handle(call));
  const port = await server.listen(options.port ?? 0, host);
  const close = async () => {
    app.close();
    await server.close();
  };
  return { port, url: `http://${host}:${port}`, close };
}
