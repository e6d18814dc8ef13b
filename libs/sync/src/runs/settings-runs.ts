import { Injectable } from '@nestjs/common';
import { Database, type RunEntity, RunStore } from '#database';
import { AccountBlockedError } from '#domain';
import { repeatAfterRace } from '../accounts/lost-race.js';
import { NewRuns, RunDecisions, RunService } from './run-service.js';

/** Changed settings of an account, and how to save them. */
export interface SettingsChange {
  readonly accountId: number;
  /** What must be done again: everything, the evaluation of the stored contacts, or nothing. */
  readonly effect: 'all' | 'contacts' | 'none';
  /** Saves the settings in a transaction. It may run again after a conflict in the database. */
  readonly save: () => Promise<void>;
}

/** Whether the run reads contacts from Kommo, so that a run which replaces it must read them too. */
const readsKommo = ({ mode, phase, trigger }: RunEntity): boolean =>
  mode !== 'preview' && (trigger !== 'settings' || phase === 'prepare' || phase === 'read' || phase === 'verify');

/** Starts the runs that apply changed settings. */
@Injectable()
export class SettingsRuns {
  constructor(
    private readonly database: Database,
    private readonly runs: RunStore,
    private readonly newRuns: NewRuns,
    private readonly decisions: RunDecisions,
    private readonly service: RunService,
  ) {}

  /**
   * Saves changed settings and starts a run that applies them to the stored contacts; for `all`, one that reads everything again. It
   * replaces an active run, and reads from Kommo what that one has not. Returns undefined when nothing must be done, and when the
   * account cannot run now: the run that reads everything later applies them. Throws what `save` throws; nothing is saved then.
   */
  async start(change: SettingsChange): Promise<RunEntity | undefined> {
    const run = await repeatAfterRace('run_active', () => this.database.transaction(() => this.saveAndCreate(change)));
    if (run) await this.service.enqueue(run);
    return run;
  }

  private async saveAndCreate({ accountId, effect, save }: SettingsChange): Promise<RunEntity | undefined> {
    await save();
    if (effect === 'none') return undefined;
    const active = await this.runs.findActive(accountId);
    if (active) await this.decisions.cancel(active.runId);
    const mode = active?.mode === 'import' ? 'import' : 'reconcile';
    const mustRead = effect === 'all' || (active !== undefined && readsKommo(active));
    try {
      return await this.newRuns.create({ accountId, mode, trigger: 'settings', phase: mustRead ? 'prepare' : 'evaluate' });
    } catch (error) {
      if (error instanceof AccountBlockedError) return undefined;
      throw error;
    }
  }
}
