import { Injectable } from '@nestjs/common';
import { type RunEntity, RunStore } from '#database';
import { InvalidInputError } from '#domain';
import { RunActiveError, RunService } from './run-service.js';
import type { RunView } from './run-view.js';

const MAX_ATTEMPTS = 5;

/** Whether the run reads contacts from Kommo, so that a run which replaces it must read them too. */
const readsKommo = ({ mode, phase, trigger }: RunEntity): boolean =>
  mode !== 'preview' && (trigger !== 'settings' || phase === 'prepare' || phase === 'read' || phase === 'verify');

/** Starts the runs that apply changed settings. */
@Injectable()
export class SettingsRuns {
  constructor(
    private readonly runs: RunStore,
    private readonly service: RunService,
  ) {}

  /**
   * Starts a run that applies the settings to the stored contacts; with `isFull`, one that reads all contacts and the list again. It
   * replaces an active run, and reads from Kommo what that one has not. Throws as {@link RunService.start}.
   */
  async start(accountId: number, { isFull }: { readonly isFull: boolean }): Promise<RunView> {
    let mustRead = isFull;
    let mode: RunEntity['mode'] = 'reconcile';
    for (let attempt = 1; ; attempt += 1) {
      const active = await this.runs.findActive(accountId);
      if (active) {
        mustRead ||= readsKommo(active);
        if (active.mode === 'import') mode = 'import';
        await this.cancel(active.runId);
      }
      try {
        return await this.service.start({ accountId, mode, trigger: 'settings', phase: mustRead ? 'prepare' : 'evaluate' });
      } catch (error) {
        if (!(error instanceof RunActiveError) || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** Does nothing to a run that has ended. */
  private async cancel(runId: string): Promise<void> {
    try {
      await this.service.cancel(runId);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
    }
  }
}
