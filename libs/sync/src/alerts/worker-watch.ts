import { Injectable } from '@nestjs/common';
import { AlertStore, RoundStore } from '#database';
import { Clock, Logger, WORKER_SILENCE_MS, alerts } from '#domain';
import { AlertDelivery } from './alert-delivery.js';

/** Notices, in a process that is no worker, that no worker is alive. */
@Injectable()
export class WorkerWatch {
  /** When this process first looked. */
  private firstLookAtMs: number | undefined;

  constructor(
    private readonly rounds: RoundStore,
    private readonly alerts: AlertStore,
    private readonly delivery: AlertDelivery,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Whether a worker has reported within two minutes. True in the first two minutes after the first call. Throws TransientError. */
  async isWorkerAlive(): Promise<boolean> {
    return (await this.findSilence()) === undefined;
  }

  /** Raises the alert when no worker is alive, and delivers alerts in its place. Throws TransientError. */
  async run(): Promise<void> {
    const silentForMs = await this.findSilence();
    if (silentForMs === undefined) return;
    this.logger.error('no worker is alive', { silent_for_ms: silentForMs });
    await this.alerts.raise(alerts.noWorker(silentForMs, this.clock.nowMs()));
    await this.delivery.run();
  }

  /** For how long no worker has reported, in milliseconds; undefined while one is alive, or may just start. */
  private async findSilence(): Promise<number | undefined> {
    const nowMs = this.clock.nowMs();
    this.firstLookAtMs ??= nowMs;
    const upForMs = nowMs - this.firstLookAtMs;
    if (upForMs < WORKER_SILENCE_MS) return undefined;
    const silentForMs = (await this.rounds.findSilenceMs('worker')) ?? upForMs;
    return silentForMs < WORKER_SILENCE_MS ? undefined : silentForMs;
  }
}
