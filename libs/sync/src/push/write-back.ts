import { Injectable } from '@nestjs/common';
import { MailingConsentStore } from '#database';
import { chunksOf, hasErrorCode } from '#domain';
import { KOMMO_PAGE_LIMIT, KommoClient, type KommoSession } from '#kommo';
import { TokenService } from '../tokens/token-service.js';
import { type AccountWork, AccountWorkRunner, throwIfStopping } from './account-work.js';
import { JobContinuation } from './job-continuation.js';

const BATCH_ADDRESSES = 100;

/** Tags, in Kommo, every contact that holds an unsubscribed address. The account's settings name the tag. */
@Injectable()
export class WriteBack {
  constructor(
    private readonly runner: AccountWorkRunner,
    private readonly continuation: JobContinuation,
    private readonly consents: MailingConsentStore,
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
  ) {}

  /**
   * Does the pending write-backs. Safe to repeat: a contact keeps one tag. Returns early when another job continues the work
   * (`findContinuation`). Throws TransientError, AccountBlockedError, and permanent errors.
   */
  async run(accountId: number, signal: AbortSignal): Promise<void> {
    try {
      await this.runner.run(accountId, signal, (work) => this.writeAll(work));
    } catch (error) {
      await this.continuation.throwUnlessContinued(accountId, error);
    }
  }

  private async writeAll(work: AccountWork): Promise<void> {
    while (await this.writeBatch(work)) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
    }
  }

  private async writeBatch({ lease, settings }: AccountWork): Promise<boolean> {
    const pending = await this.consents.listWriteBacks(lease.accountId, BATCH_ADDRESSES);
    if (pending.length === 0) return false;
    const ids = [...new Set(pending.flatMap(({ contactIds }) => contactIds))];
    if (settings.writeBack && ids.length > 0) {
      await this.tokens.withSession(lease.accountId, (session) => this.tag(session, ids, settings.writeBackTag));
    }
    const emails = pending.map(({ email }) => email);
    await lease.write(() => this.consents.markWrittenBack(lease.accountId, emails));
    return true;
  }

  /** Kommo refuses the whole call when one contact is deleted. Then only the contacts that exist are tagged. */
  private async tag(session: KommoSession, contactIds: readonly number[], tagName: string): Promise<void> {
    for (const ids of chunksOf(contactIds, KOMMO_PAGE_LIMIT)) {
      try {
        await this.kommo.tagContacts(session, { ids, tagName });
      } catch (error) {
        if (!hasErrorCode(error, 'kommo_rejected')) throw error;
        const existing = [...(await this.kommo.findContactsByIds(session, ids)).keys()];
        if (existing.length === ids.length) throw error;
        await this.kommo.tagContacts(session, { ids: existing, tagName });
      }
    }
  }
}
