import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findFreePort, type RawClient } from '../../support/beanstalkd-process.js';
import { listImplementations, type Implementation, QueueProcess } from '../../support/queue-process.js';
import { LogScene } from './log-scene.js';
import { eventually } from './queue-scene.js';

const JOBS = 1_600;
const BODY_BYTES = 65_000;
/** The log file in the middle of the log, of 10 files of 10 MiB. */
const GATE = 5;
const FORMAT_VERSION = 7;

let scene: LogScene;
let server: QueueProcess | undefined;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(async () => {
  await server?.end('SIGKILL');
  server = undefined;
  await scene.close();
});

/** Writes a log of 100 MB and returns its folder. */
async function writeLog(implementation: Implementation): Promise<string> {
  const folder = scene.newFolder();
  const writer = await scene.open(implementation, folder);
  const client = await writer.connect();
  client.send(`put 0 0 60 ${BODY_BYTES}\r\n${'x'.repeat(BODY_BYTES)}\r\n`.repeat(JOBS));
  for (let put = 0; put < JOBS; put += 1) await client.line();
  client.close();
  await scene.end(writer, 'SIGKILL');
  return folder;
}

/** A log file that is a pipe: a server that has opened it can read no further until the test has written and closed it. */
class Gate {
  private readonly path: string;

  /** Moves all files from number {@link GATE} on behind the pipe. */
  constructor(folder: string) {
    const path = (index: number) => join(folder, `binlog.${index}`);
    const files = readdirSync(folder).filter((name) => name.startsWith('binlog.')).length;
    for (let index = files; index >= GATE; index -= 1) renameSync(path(index), path(index + 1));
    this.path = path(GATE);
    execFileSync('mkfifo', [this.path]);
  }

  /** Resolves when a server reads the pipe, which then waits until `open` of the result is called. Undefined after a time limit. */
  async reached(): Promise<{ open(): void } | undefined> {
    const file = await eventually(
      () => this.tryToOpen(),
      (opened) => opened !== undefined,
    );
    return file === undefined ? undefined : { open: () => endFile(file) };
  }

  /** Fails while no process has the pipe open for reading. */
  private tryToOpen(): number | undefined {
    try {
      return openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
  }
}

/** Writes a log file without records. */
function endFile(file: number): void {
  const header = Buffer.alloc(4);
  header.writeInt32LE(FORMAT_VERSION);
  writeSync(file, header);
  closeSync(file);
}

const whenNotRefused = (connected: Promise<RawClient>): Promise<RawClient | undefined> => connected.catch(() => undefined);

describe.each(listImplementations())('the %s server with a log of 100 MB', (implementation) => {
  it.each(['a port', 'a unix socket'])(
    'accepts a connection on %s while it reads, and replies when every job is restored',
    async (kind) => {
      const folder = await writeLog(implementation);
      const gate = new Gate(folder);
      const port = kind === 'a port' ? { port: await findFreePort() } : {};
      server = await QueueProcess.startWithoutWaiting({ implementation, folder, ...port });
      const reading = await gate.reached();
      const client = await whenNotRefused(server.connect());
      client?.send('stats\r\n');
      const receivedWhileReading = client?.takeReceived();
      reading?.open();
      expect([reading !== undefined, receivedWhileReading]).toEqual([true, '']);
      expect(await client?.until(/\n\r\n$/)).toContain(`\ncurrent-jobs-ready: ${JOBS}\n`);
      client?.close();
    },
    120_000,
  );
});
