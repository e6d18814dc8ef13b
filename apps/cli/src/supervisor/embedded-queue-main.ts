import { limitYoungGeneration } from '#beanstalkd';
import { startEmbeddedQueue } from './embedded-queue.js';

const EX_CANNOT_SERVE = 10;
const [dataDir = '', port] = process.argv.slice(2);

limitYoungGeneration();
try {
  const queue = await startEmbeddedQueue({ dataDir, port: port === undefined ? undefined : Number(port) });
  process.once('SIGTERM', () => void queue.close());
  // Ctrl-C reaches every process. The worker and the API still need the queue then; the supervisor stops it after them.
  process.on('SIGINT', () => {});
} catch (error) {
  process.stderr.write(`queue: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EX_CANNOT_SERVE;
}
