import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { connectRawClient } from './raw-client.js';
import { startQueueServer, type Implementation } from './queue-server.js';

const BODY_BYTES = 65_000;
const JOBS = 1_600;
const PUTS_IN_FLIGHT = 16;

/** Times from the moment at which a server is known to listen, in ms. */
interface LogStart {
  readonly connectMs: number;
  readonly replyMs: number;
}

async function writeLog(folder: string): Promise<void> {
  const writer = await startQueueServer('embedded', folder);
  const client = await connectRawClient({ port: writer.port, bodyBytes: BODY_BYTES, inFlight: PUTS_IN_FLIGHT });
  await client.put(JOBS);
  client.close();
  await writer.kill();
}

/** Connects when the server listens. The first reply comes when the log is read. */
async function measureStart(implementation: Implementation, folder: string): Promise<LogStart> {
  const server = await startQueueServer(implementation, folder);
  const startedAtMs = performance.now();
  try {
    const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const connectMs = performance.now() - startedAtMs;
    socket.write('list-tube-used\r\n');
    await once(socket, 'data');
    const replyMs = performance.now() - startedAtMs;
    socket.destroy();
    return { connectMs, replyMs };
  } finally {
    await server.kill();
  }
}

/** Measures how long a connection and the first reply take while a server reads a log of 100 MB. */
export async function runLogStartBench({ isQuick, print, report }: BenchOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'queue-bench-'));
  try {
    await writeLog(folder);
    for (const implementation of ['embedded', 'debian'] satisfies Implementation[]) {
      const starts: LogStart[] = [];
      for (let round = 0; round < (isQuick ? 1 : 5); round += 1) starts.push(await measureStart(implementation, folder));
      const of = (figure: keyof LogStart) => median(starts.map((start) => start[figure]));
      print(
        `log of 100 MB, ${implementation}: connected after ${of('connectMs').toFixed(1)} ms, reply after ${of('replyMs').toFixed(0)} ms`,
      );
      if (implementation !== 'embedded') continue;
      const name = 'connecting while a log of 100 MB is read';
      report({ bench: 'queue', name, value: of('connectMs'), unit: 'ms', goal: { atMost: 50 } });
      report({ bench: 'queue', name: 'first reply of a start with a log of 100 MB', value: of('replyMs'), unit: 'ms' });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
