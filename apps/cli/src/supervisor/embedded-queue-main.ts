import { startEmbeddedQueue } from './embedded-queue.js';

const EX_CANNOT_SERVE = 10;
const [dataDir = '', port] = process.argv.slice(2);

try {
  const queue = await startEmbeddedQueue({ dataDir, port: port === undefined ? undefined : Number(port) });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void queue.close());
} catch (error) {
  process.stderr.write(`queue: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EX_CANNOT_SERVE;
}
