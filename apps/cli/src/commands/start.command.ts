import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#clock';
import { type Config, embeddedQueuePortFile, findEmbeddedQueuePort, onStopSignals } from '#config';
import { migrateDatabase } from './migrate.command.js';
import { findFreePort, waitForPort } from '../supervisor/free-port.js';
import { Supervisor } from '../supervisor/supervisor.js';

const QUEUE_READY_WITHIN_MS = 15_000;
/** The queue needs no configuration, and no secret. */
const QUEUE_VARIABLES = ['HOME', 'LANG', 'NODE_OPTIONS', 'PATH', 'TMPDIR', 'TZ'];
const printOut = (line: string) => process.stdout.write(`${line}\n`);

async function startQueue(config: Config, supervisor: Supervisor): Promise<void> {
  const binlogDir = join(config.dataDir, 'queue');
  mkdirSync(binlogDir, { recursive: true });
  const portFile = embeddedQueuePortFile(config.dataDir);
  const port = await findFreePort(findEmbeddedQueuePort(config.dataDir));
  writeFileSync(portFile, String(port));
  supervisor.start({
    name: 'queue',
    entry: 'libs/beanstalkd/src/main.js',
    args: ['-l', '127.0.0.1', '-p', String(port), '-b', binlogDir, '-f', '0'],
    variables: QUEUE_VARIABLES,
  });
  await Promise.race([waitForPort(systemClock, port, QUEUE_READY_WITHIN_MS), supervisor.failed]);
}

function printSecretFiles({ localSecrets }: Config): void {
  const { encryptionKey, operatorToken } = localSecrets;
  if (encryptionKey) printOut(`ENCRYPTION_KEY is in ${encryptionKey.file}`);
  if (operatorToken) printOut(`OPERATOR_TOKEN is in ${operatorToken.file}`);
}

/**
 * Starts a worker and the API under a supervisor, after the embedded queue if that is configured. With SQLite it updates the
 * schema first.
 */
export async function startService(config: Config, supervisor: Supervisor, print: (line: string) => void): Promise<void> {
  if (config.database.kind === 'sqlite') await migrateDatabase(config, print);
  if (config.beanstalk.kind === 'embedded') await startQueue(config, supervisor);
  supervisor.start({ name: 'worker', entry: 'apps/worker/src/main.js', args: [] });
  supervisor.start({ name: 'api', entry: 'apps/api/src/main.js', args: [] });
}

/** Runs the service until a signal. Returns the exit code. */
export async function start(config: Config): Promise<number> {
  printSecretFiles(config);
  const supervisor = new Supervisor({ clock: systemClock, print: printOut, output: 'inherit' });
  const signalled = new Promise<number>((resolve) => {
    onStopSignals(
      systemClock,
      () => void supervisor.stop().then(() => resolve(0)),
      () => {
        supervisor.kill();
        resolve(1);
      },
    );
  });
  const ended = Promise.race([signalled, supervisor.failed]);
  try {
    await Promise.race([ended, startService(config, supervisor, printOut)]);
    return await ended;
  } finally {
    await supervisor.stop();
  }
}
