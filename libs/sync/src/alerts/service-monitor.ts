import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { AlertStore, PauseStore, RoundStore } from '#database';
import { LASTING_PAUSE_MS, Logger, ServiceError, alerts, hasOwnAlert, isDiskNearlyFull } from '#domain';
import { AlertCauses } from './alert-causes.js';
import { DiskProbe } from './disk-probe.js';

const OPEN_ALERTS = 1_000;
const PAUSES = 1_000;

/** Raises the alerts that no event raises: a lasting pause, and a disk that is nearly full. */
@Injectable()
export class LastingCauses {
  constructor(
    private readonly alerts: AlertStore,
    private readonly pauses: PauseStore,
    private readonly disk: DiskProbe,
  ) {}

  /** Raises them. */
  async raise(): Promise<void> {
    await this.raiseForDisk();
    const nowMs = await this.pauses.nowMs();
    for (const { kind: scope, id, code, since } of await this.pauses.listLasting(nowMs - LASTING_PAUSE_MS, PAUSES)) {
      if (!hasOwnAlert(code)) await this.alerts.raise(alerts.lastingPause({ scope, id, code, since }, nowMs));
    }
  }

  private async raiseForDisk(): Promise<void> {
    const space = await this.disk.read();
    if (space && isDiskNearlyFull(space)) await this.alerts.raise(alerts.diskNearlyFull(hostname(), space, await this.pauses.nowMs()));
  }
}

/** Watches the service from each worker. */
@Injectable()
export class ServiceMonitor {
  constructor(
    private readonly rounds: RoundStore,
    private readonly lasting: LastingCauses,
    private readonly causes: AlertCauses,
    private readonly alerts: AlertStore,
    private readonly logger: Logger,
  ) {}

  /** Records the heartbeat of this worker, raises alerts for lasting causes, and ends the alerts whose causes have ended. */
  async run(): Promise<void> {
    await this.rounds.beat('worker');
    await this.lasting.raise();
    await this.recover();
  }

  private async recover(): Promise<void> {
    for (const alert of await this.alerts.listOpen(OPEN_ALERTS)) {
      try {
        const hasEnded = await this.causes.hasEnded(alert);
        if (hasEnded && (await this.alerts.recover(alert))) this.logger.info('alert recovered', { kind: alert.kind, alert: alert.key });
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        this.logger.debug('cause of an alert not read; will retry', { alert: alert.key, error });
      }
    }
  }
}
