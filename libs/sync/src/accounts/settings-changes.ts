import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, LeaseStore, SettingsEffectStore } from '#database';
import {
  type AccountSettings,
  type AccountSettingsView,
  haveSameContent,
  parseAccountSettings,
  toSettingsView,
  toStoredSettings,
} from '#domain';
import { SettingsRuns } from '../runs/settings-runs.js';
import { AccountGate } from './account-gate.js';

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
    return { ...(await this.count(account, parseAccountSettings(change, account.settings, ''))), run_id: null };
  }

  /**
   * Saves a change and starts the run that applies it. Its removals wait for a confirmation above the limit. A run that was active
   * starts again with the new settings. Throws InvalidInputError that names every bad setting; nothing is saved then.
   */
  async save(accountId: number, change: unknown): Promise<SettingsView> {
    const account = await this.gate.get(accountId, 'show');
    const settings = parseAccountSettings(change, account.settings, '');
    const view = await this.count(account, settings);
    if (toStoredSettings(settings) === toStoredSettings(account.settings)) return { ...view, run_id: null };
    return { ...view, run_id: await this.saveAndStart(account, settings) };
  }

  private async count(account: AccountEntity, settings: AccountSettings): Promise<Omit<SettingsView, 'run_id'>> {
    const { wouldAdd, wouldRemove } = await this.effects.count(account.accountId, settings, account.emailKinds ?? {});
    return { settings: toSettingsView(settings), would_add: wouldAdd, would_remove: wouldRemove };
  }

  private async saveAndStart({ accountId, settings: before }: AccountEntity, settings: AccountSettings): Promise<string | null> {
    const save = async () => {
      await this.accounts.update(accountId, { settings });
      await this.leases.revoke(accountId);
    };
    const isSameList = before.listTitle === settings.listTitle && before.listId === settings.listId;
    if (!isSameList || !haveSameContent(before, settings)) {
      return (await this.runs.start({ accountId, isFull: !isSameList, save }))?.runId ?? null;
    }
    await save();
    return null;
  }
}
