import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, LeaseStore, SettingsEffectStore } from '#database';
import {
  type AccountSettings,
  type AccountSettingsView,
  haveSameContent,
  parseSettingsPatch,
  toSettingsView,
  toStoredSettings,
} from '#domain';
import { type SettingsChange, SettingsRuns } from '../runs/settings-runs.js';
import { AccountGate } from './account-gate.js';
import { accountChanged, repeatAfterRace } from './lost-race.js';

/** The settings of an account, and what a change does. Counts are addresses. */
export interface SettingsView {
  readonly settings: AccountSettingsView;
  readonly would_add: number;
  readonly would_remove: number;
  /** The run that applies the change; null when there is nothing to apply, and while the account cannot run. */
  readonly run_id: string | null;
}

/** Reads and changes the settings of accounts. */
@Injectable()
export class SettingsChanges {
  constructor(
    private readonly gate: AccountGate,
    private readonly accounts: AccountStore,
    private readonly leases: LeaseStore,
    private readonly effects: SettingsEffectStore,
    private readonly runs: SettingsRuns,
  ) {}

  /** Returns the settings. Throws AccountBlockedError for an unknown account. */
  async read(accountId: number): Promise<SettingsView> {
    const { settings } = await this.gate.get(accountId, 'show');
    return { settings: toSettingsView(settings), would_add: 0, would_remove: 0, run_id: null };
  }

  /** Counts what a change would do. Saves nothing. Throws InvalidInputError that names every bad setting. */
  async preview(accountId: number, change: unknown): Promise<SettingsView> {
    const account = await this.gate.get(accountId, 'show');
    return { ...(await this.count(account, parseSettingsPatch(change, '')(account.settings))), run_id: null };
  }

  /**
   * Saves a change and starts the run that applies it. Its removals wait for a confirmation above the limit. A run that was active
   * starts again with the new settings. Settings that are saved meanwhile stay, unless the change names them. Throws InvalidInputError that
   * names every bad setting, and TransientError `account_changed` when other changes do not stop; nothing is saved then.
   */
  async save(accountId: number, change: unknown): Promise<SettingsView> {
    return repeatAfterRace('account_changed', async () => {
      const account = await this.gate.get(accountId, 'show');
      const settings = parseSettingsPatch(change, '')(account.settings);
      const view = await this.count(account, settings);
      return { ...view, run_id: haveEqualText(settings, account.settings) ? null : await this.saveAndStart(account, settings) };
    });
  }

  private async count(account: AccountEntity, settings: AccountSettings): Promise<Omit<SettingsView, 'run_id'>> {
    const { wouldAdd, wouldRemove } = await this.effects.count(account.accountId, settings, account.emailKinds ?? {});
    return { settings: toSettingsView(settings), would_add: wouldAdd, would_remove: wouldRemove };
  }

  private async saveAndStart({ accountId, settings: before }: AccountEntity, settings: AccountSettings): Promise<string | null> {
    const save = async () => {
      const present = await this.accounts.findLocked(accountId);
      if (!present || !haveEqualText(present.settings, before)) throw accountChanged(accountId);
      await this.accounts.update(accountId, { settings });
      await this.leases.revoke(accountId);
    };
    return (await this.runs.start({ accountId, effect: findEffect(before, settings), save }))?.runId ?? null;
  }
}

const haveEqualText = (one: AccountSettings, other: AccountSettings): boolean => toStoredSettings(one) === toStoredSettings(other);

function findEffect(before: AccountSettings, settings: AccountSettings): SettingsChange['effect'] {
  if (before.listTitle !== settings.listTitle || before.listId !== settings.listId) return 'all';
  return haveSameContent(before, settings) ? 'none' : 'contacts';
}
