import { Injectable } from '@nestjs/common';
import {
  AccessStore,
  type AccountEntity,
  ContactFiguresStore,
  PauseStore,
  RunStore,
  type UnisenderWebhookState,
  type WebhookState,
} from '#database';
import { type AccountSettingsView, type AccountStatus, type AttentionCode, listAttention, toIsoTime, toSettingsView } from '#domain';
import { AccountActivity, type AccountActivityView } from './account-activity.js';

/** An account for the operator. The key is masked; tokens and webhook URLs are not in it. */
export interface AccountView extends AccountActivityView {
  readonly account_id: number;
  readonly integration_id: string;
  readonly name: string;
  readonly subdomain: string;
  readonly status: AccountStatus;
  /** ISO 8601 */
  readonly token_expires_at: string | null;
  readonly unisender_key: string | null;
  readonly list_id: number | null;
  readonly list_title: string | null;
  readonly webhook: WebhookState | null;
  readonly unisender_webhook: UnisenderWebhookState | null;
  /** Contacts that are not deleted, by their worst address. Nothing is to be sent of the excluded ones. The sum is the total. */
  readonly contacts: {
    readonly total: number;
    readonly in_sync: number;
    readonly waiting: number;
    readonly excluded: number;
    readonly failing: number;
  };
  /** ISO 8601 */
  readonly last_event_at: string | null;
  /** What a human must do. */
  readonly attention: readonly AttentionCode[];
  readonly settings: AccountSettingsView;
}

const MASKED_KEY = '***';

/** Kommo answers 402: the account is suspended, and the service asks again after an hour. */
export const toShownStatus = (status: AccountStatus, pauseCode: string | null): AccountStatus =>
  status === 'active' && pauseCode === 'kommo_payment_required' ? 'suspended' : status;

/** Reads what the operator sees of an account. */
@Injectable()
export class AccountViews {
  constructor(
    private readonly accesses: AccessStore,
    private readonly contactFigures: ContactFiguresStore,
    private readonly activity: AccountActivity,
    private readonly runs: RunStore,
    private readonly pauses: PauseStore,
  ) {}

  /** Reads the view of a stored account. */
  async read(account: AccountEntity): Promise<AccountView> {
    const { accountId } = account;
    const access = await this.accesses.find(accountId);
    const { total, inSync, waiting, excluded, failing } = await this.contactFigures.find(accountId);
    const activity = await this.activity.read(account);
    const status = toShownStatus(account.status, activity.paused?.code ?? null);
    const hasWaitingRun = (await this.runs.listWaiting(accountId)).length > 0;
    const hasDeniedMethod = await this.hasDeniedMethod(account);
    return {
      account_id: accountId,
      integration_id: account.clientId,
      name: account.name,
      subdomain: account.subdomain,
      status,
      token_expires_at: toIsoTime(access?.expiresAt ?? null),
      unisender_key: account.unisenderKey === null ? null : MASKED_KEY,
      list_id: account.listId,
      list_title: account.listTitle,
      webhook: account.webhookState,
      unisender_webhook: account.unisenderWebhookState,
      contacts: { total, in_sync: inSync, waiting, excluded, failing },
      last_event_at: toIsoTime(account.lastEventAt),
      ...activity,
      attention: listAttention({ ...account, status, pauseCode: activity.paused?.code ?? null, hasWaitingRun, hasDeniedMethod }),
      settings: toSettingsView(account.settings),
    };
  }

  private async hasDeniedMethod({ unisenderKeyHash }: AccountEntity): Promise<boolean> {
    return unisenderKeyHash !== null && (await this.pauses.listDeniedMethods(1, unisenderKeyHash)).length > 0;
  }
}
