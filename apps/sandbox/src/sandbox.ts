import { systemClock } from '#clock';
import type { Clock } from '#domain';
import { HttpFront } from './http/server.js';
import { World } from './world.js';

export interface SandboxOptions {
  /** 0 or absent takes a free port. */
  readonly port?: number;
  readonly host?: string;
  /** Of the random stream behind faults with a probability and shuffled hooks. */
  readonly seed?: number;
  readonly clock?: Clock;
}

export interface Sandbox {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the emulated Kommo and Unisender on one port, with everything in memory. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { clock = systemClock, seed = 1, host = '127.0.0.1' } = options;
  const reset = () => {
    world.close();
    world = new World({ clock, seed, reset });
  };
  let world = new World({ clock, seed, reset });
  const front = new HttpFront(async (call) => world.handle(call));
  const port = await front.listen(options.port ?? 0, host);
  const close = async () => {
    world.close();
    await front.close();
  };
  return { port, url: `http://${host}:${port}`, close };
}
