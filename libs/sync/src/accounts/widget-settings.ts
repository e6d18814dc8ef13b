import { Injectable } from '@nestjs/common';
import { AccountBlockedError, type AuthorisedAccount, InvalidInputError, type Secret, type SetupChange, parseSettingsPatch } from '#domain';
import { RunActiveError, RunService } from '../runs/run-service.js';
import type { RunView } from '../runs/run-view.js';
import { AccountGate } from './account-gate.js';
import { AccountSetup } from './account-setup.js';
import { repeatAfterRace } from './lost-race.js';
import { UnisenderKeyCheck } from './unisender-key-check.js';
import { VendorWebhooks } from './vendor-webhooks.js';

/** What the administrator enters. */
export interface KeyInput {
  readonly account: AuthorisedAccount;
  /** Undefined keeps the stored one. */
  readonly unisenderKey: Secret | undefined;
  /** As the widget sends them; undefined keeps the stored ones. */
  readonly settings?: unknown;
}

/** Checks and saves the Unisender key and the settings that an administrator enters in the widget. */
@Injectable()
export class WidgetSettings {
  constructor(
    private readonly gate: AccountGate,
    private readonly keys: UnisenderKeyCheck,
    private readonly setup: AccountSetup,
    private readonly webhooks: VendorWebhooks,
    private readonly runs: RunService,
  ) {}

  /**
   * Checks key and settings, saves both, creates the webhooks and starts the import. An active run continues when nothing changed;
   * otherwise it is cancelled. The watchdog creates webhooks that fail now. What other requests save meanwhile stays, unless the input
   * names it.
   *
   * Saves nothing on InvalidInputError (invalid settings), AccountBlockedError (not authorised; `unisender_key_refused`;
   * `unisender_key_missing` when none is given or stored) and TransientError (Unisender is unavailable; `account_changed` when other
   * requests do not stop changing the key).
   */
  async saveKey({ account: { accountId }, unisenderKey, settings }: KeyInput): Promise<{ run: RunView }> {
    const { isRunOutdated } = await repeatAfterRace('account_changed', () => this.checkAndSave(accountId, unisenderKey, settings));
    await this.webhooks.tryEnsure(accountId);
    return { run: await this.startImport(accountId, isRunOutdated) };
  }

  private async checkAndSave(accountId: number, unisenderKey: Secret | undefined, settings: unknown): Promise<SetupChange> {
    const account = await this.gate.get(accountId, 'call_kommo');
    const patch = parseSettingsPatch(settings);
    const key = unisenderKey ?? this.setup.findKey(account);
    if (!key) throw keyMissing();
    const lists = await this.keys.readLists(key);
    return this.setup.save(account, { key, patch, lists });
  }

  private async startImport(accountId: number, isRunOutdated: boolean): Promise<RunView> {
    return repeatAfterRace('run_active', async () => {
      try {
        return await this.runs.start({ accountId, mode: 'import', trigger: 'widget' });
      } catch (error) {
        if (!(error instanceof RunActiveError)) throw error;
        const active = isRunOutdated ? await this.cancel(error.runId) : await this.runs.find(error.runId);
        if (!active) throw error;
        return active;
      }
    });
  }

  /** Cancels a run that has not ended. Returns undefined: there is no run to continue. */
  private async cancel(runId: string): Promise<undefined> {
    try {
      await this.runs.cancel(runId);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
    }
  }
}

const keyMissing = (): AccountBlockedError =>
  new AccountBlockedError('unisender_key is missing: none is stored yet', {
    code: 'unisender_key_missing',
    fields: [{ field: 'unisender_key', problem: 'must be an API key of Unisender: none is stored yet' }],
  });
