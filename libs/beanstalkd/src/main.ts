import { parseFlags, usage, UsageError, type Invocation } from './flags.js';
import { emulatedVersion, startBeanstalkServer } from './index.js';

const exitUsage = 5;
const exitCannotServe = 10;

async function serve({ options, isVerbose }: Extract<Invocation, { kind: 'serve' }>): Promise<void> {
  const server = await startBeanstalkServer(options);
  const place = 'path' in options.listen ? `unix:${options.listen.path}` : `${options.listen.host}:${server.port}`;
  if (isVerbose) process.stdout.write(`pid ${process.pid}\nlistening on ${place}\n`);
  process.on('SIGUSR1', () => server.drain());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
}

async function main(): Promise<void> {
  const invocation = parseFlags(process.argv.slice(2));
  if (invocation.kind === 'help') process.stdout.write(usage);
  else if (invocation.kind === 'version') process.stdout.write(`beanstalkd ${emulatedVersion}\n`);
  else await serve(invocation);
}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(error instanceof UsageError ? `${message}\n${usage}` : `beanstalkd: ${message}\n`);
  process.exitCode = error instanceof UsageError ? exitUsage : exitCannotServe;
}
