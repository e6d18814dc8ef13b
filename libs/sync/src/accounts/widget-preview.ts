import { Injectable } from '@nestjs/common';
import { SettingsEffectStore } from '#database';
import { type AccountSettingsView, parseSettingsPatch, toSettingsView } from '#domain';
import { AccountGate } from './account-gate.js';
import { UnisenderKeyCheck } from './unisender-key-check.js';
import type { KeyInput } from './widget-settings.js';

/** What saving would do. Counts are addresses. */
export interface WidgetPreviewView {
  readonly settings: AccountSettingsView;
  readonly would_add: number;
  readonly would_remove: number;
}

/** Shows what saving a key and settings in the widget would do. */
@Injectable()
export class WidgetPreview {
  constructor(
    private readonly gate: AccountGate,
    private readonly keys: UnisenderKeyCheck,
    private readonly effects: SettingsEffectStore,
  ) {}

  /** Checks key and settings and counts. Saves nothing. Throws the errors of `WidgetSettings.saveKey`. */
  async count({ account: { accountId }, unisenderKey, settings }: KeyInput): Promise<WidgetPreviewView> {
    const account = await this.gate.get(accountId, 'call_kommo');
    const wanted = parseSettingsPatch(settings)(account.settings);
    if (unisenderKey) await this.keys.readLists(unisenderKey);
    const { wouldAdd, wouldRemove } = await this.effects.count(accountId, wanted, account.emailKinds ?? {});
    return { settings: toSettingsView(wanted), would_add: wouldAdd, would_remove: wouldRemove };
  }
}
