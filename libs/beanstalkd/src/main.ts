import { parseFlags, usage, UsageError, type Invocation } from './flags.js';
import { emulatedVersion, limitYoungGeneration, startBeanstalkServer } from './index.js';

const exitUsage = 5;
const exitCannotServe = 10;

/** Other users of the machine read neither the binlog nor the socket. */
const PRIVATE_UMASK = 0o077;

async function serve({ options, isVerbose }: Extract<Invocation, { kind: 'serve' }>): Promise<void> {
  process.umask(PRIVATE_UMASK);
  limitYoungGeneration();
  const server = await startBeanstalkServer({ ...options, onWarning: writeWarning });
  const address = 'path' in options.listen ? `unix:${options.listen.path}` : `${options.listen.host}:${server.port}`;
  if (isVerbose) process.stdout.write(`pid ${process.pid}\nlistening on ${address}\n`);
  process.on('SIGUSR1', () => server.drain());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close().catch(fail));
}

async function main(): Promise<void> {
  const invocation = parseFlags(process.argv.slice(2));
  if (invocation.kind === 'help') process.stdout.write(usage);
  else if (invocation.kind === 'version') process.stdout.write(`beanstalkd ${emulatedVersion}\n`);
  else await serve(invocation);
}

function writeWarning(message: string): void {
  process.stderr.write(`beanstalkd: ${message}\n`);
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError) process.stderr.write(`${message}\n${usage}`);
  else writeWarning(message);
  process.exitCode = error instanceof UsageError ? exitUsage : exitCannotServe;
}

await main().catch(fail);
