import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { Database } from '#database';
import { Clock } from '#domain';
import { QueueClient } from '#queue';
import { WorkerWatch } from '#sync';
import type { ReadinessResponse } from './health-responses.js';

type State = ReadinessResponse['checks']['database'];
type Workers = ReadinessResponse['checks']['workers'];
type Migrations = ReadinessResponse['checks']['migrations'];

/** Probes, which anyone may send, ask database and queue once in this time. */
const KEPT_MS = 1_000;

const toState = (isUp: boolean): State => (isUp ? 'up' : 'down');

/** A block of a disk: a file that exists can grow by a byte on a full disk. */
const PROBE = Buffer.alloc(4_096);

/** Whether a file can be written into the folder, also when the folder does not exist: then nothing is written there. */
async function canWrite(folder: string): Promise<boolean> {
  const file = join(folder, `.ready-${process.pid}`);
  try {
    await writeFile(file, PROBE, { mode: 0o600 });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  } finally {
    await rm(file, { force: true }).catch(() => {});
  }
}

/**
 * Checks whether this process can serve: the database reads and writes, the queue responds, the schema is current, and DATA_DIR can
 * be written. Without a worker it still serves: a balancer must not refuse the webhooks, which wait in the database.
 */
@Injectable()
export class ReadinessCheck {
  private last: Promise<ReadinessResponse> | undefined;
  private startedMs = 0;

  constructor(
    private readonly database: Database,
    private readonly queue: QueueClient,
    private readonly workers: WorkerWatch,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** Asks database and queue, at most once a second. Never throws. */
  run(): Promise<ReadinessResponse> {
    const nowMs = this.clock.nowMs();
    if (!this.last || nowMs - this.startedMs >= KEPT_MS) {
      this.startedMs = nowMs;
      this.last = this.check();
    }
    return this.last;
  }

  private async check(): Promise<ReadinessResponse> {
    const [isDatabaseUp, isQueueUp, canWriteDisk] = await Promise.all([
      this.database.isReady(),
      this.queue.isReady(),
      canWrite(this.config.dataDir),
    ]);
    const migrations = isDatabaseUp ? await this.checkMigrations() : 'unknown';
    const canWriteRows = isDatabaseUp && (migrations !== 'done' || (await this.database.probeWrite()));
    const workers = canWriteRows && migrations === 'done' ? await this.checkWorkers() : 'unknown';
    const isReady = canWriteRows && isQueueUp && canWriteDisk && migrations === 'done';
    return {
      status: !isReady ? 'not_ready' : workers === 'down' ? 'degraded' : 'ready',
      checks: { database: toState(canWriteRows), migrations, queue: toState(isQueueUp), disk: toState(canWriteDisk), workers },
    };
  }

  private async checkWorkers(): Promise<Workers> {
    try {
      return toState(await this.workers.isWorkerAlive());
    } catch {
      return 'unknown';
    }
  }

  private async checkMigrations(): Promise<Migrations> {
    try {
      return (await this.database.pendingMigrations()).length === 0 ? 'done' : 'pending';
    } catch {
      return 'unknown';
    }
  }
}
