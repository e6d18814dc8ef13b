import { Injectable } from '@nestjs/common';
import { type AccountEntity, MirrorPurgeStore, RunStore } from '#database';
import { Clock } from '#domain';
import { AccountRounds } from './account-rounds.js';

/** Kommo repeats a webhook for two hours at most. After this time no late one can be about a deleted contact. */
const KEEP_DELETED_CONTACTS_MS = 7 * 24 * 3_600_000;
const BATCH = 2_000;

/** Deletes rows of the mirror that no later decision needs: contacts deleted long ago, and addresses that only Unisender has. */
@Injectable()
export class MirrorRetention {
  constructor(
    private readonly rounds: AccountRounds,
    private readonly rows: MirrorPurgeStore,
    private readonly runs: RunStore,
    private readonly clock: Clock,
  ) {}

  /** Goes through all active accounts. Logs the errors of accounts. Safe to interrupt and to repeat. */
  async run(): Promise<void> {
    await this.rounds.forEach('retention', { status: 'active' }, (account) => this.purge(account));
  }

  /** A run compares contacts with the addresses of its export: its rows stay until it has ended. */
  private async purge({ accountId, baselineState }: AccountEntity): Promise<void> {
    const beforeMs = this.clock.nowMs() - KEEP_DELETED_CONTACTS_MS;
    while ((await this.rows.purgeDeletedContacts(accountId, beforeMs, BATCH)) === BATCH);
    if (baselineState !== 'done' || (await this.runs.findActive(accountId))) return;
    let after: string | undefined = '';
    while (after !== undefined) after = await this.rows.purgeStrangers(accountId, after, BATCH);
  }
}
