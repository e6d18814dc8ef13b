import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { systemClock } from '#clock';
import { type Config, collectGarbageOfStart, embeddedQueueAddressFile, findEmbeddedQueueSocket, onStopSignals } from '#config';
import { TransientError } from '#domain';
import { lockDataDir } from '../supervisor/data-dir-lock.js';
import { Supervisor } from '../supervisor/supervisor.js';

const QUEUE_READY_WITHIN_MS = 15_000;
const printOut = (line: string) => process.stdout.write(`${line}\n`);

async function canConnect(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function waitForQueue(dataDir: string): Promise<void> {
  const giveUpAt = systemClock.nowMs() + QUEUE_READY_WITHIN_MS;
  for (;;) {
    const path = findEmbeddedQueueSocket(dataDir);
    if (path !== undefined && (await canConnect(path))) return;
    if (systemClock.nowMs() > giveUpAt) throw new TransientError('the queue is not ready in time', { code: 'not_listening' });
    await systemClock.sleep(30);
  }
}

async function startQueue({ dataDir, embeddedQueuePort }: Config, supervisor: Supervisor): Promise<void> {
  rmSync(embeddedQueueAddressFile(dataDir), { force: true });
  const port = embeddedQueuePort === undefined ? [] : [String(embeddedQueuePort)];
  supervisor.start({ name: 'queue', args: [dataDir, ...port], isBare: true });
  await Promise.race([waitForQueue(dataDir), supervisor.failed]);
}

function printSecretFiles({ localSecrets }: Config): void {
  const { encryptionKey, operatorToken } = localSecrets;
  if (encryptionKey) printOut(`ENCRYPTION_KEY is in ${encryptionKey.file}`);
  if (operatorToken) printOut(`OPERATOR_TOKEN is in ${operatorToken.file}`);
}

/**
 * Starts a worker and the API under a supervisor. Before them it starts the embedded queue, if that is configured, and at the same
 * time updates the schema of SQLite in a process of its own: this one stays small. Never ends when the update fails.
 */
export async function startService(config: Config, supervisor: Supervisor): Promise<void> {
  const queueStarted = config.beanstalk.kind === 'embedded' ? startQueue(config, supervisor) : undefined;
  const migrated = config.database.kind === 'sqlite' ? supervisor.runOnce({ name: 'cli', args: ['migrate'] }) : undefined;
  await Promise.all([migrated, queueStarted]);
  supervisor.start({ name: 'worker', args: [] });
  supervisor.start({ name: 'api', args: [] });
  await collectGarbageOfStart();
}

/** Runs the service until a signal. Returns the exit code. Throws InvalidInputError `data_dir_held` when it runs already. */
export async function start(config: Config): Promise<number> {
  const lock = lockDataDir(config.dataDir, new Date(systemClock.nowMs()).toISOString());
  try {
    return await runUntilSignal(config);
  } finally {
    lock.release();
  }
}

async function runUntilSignal(config: Config): Promise<number> {
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
    await Promise.race([ended, startService(config, supervisor)]);
    return await ended;
  } finally {
    await supervisor.stop();
  }
}
