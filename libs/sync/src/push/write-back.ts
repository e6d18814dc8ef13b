import { Injectable } from '@nestjs/common';
import { MailingConsentStore } from '#database';
import { Clock, chunksOf, hasErrorCode, parkDelayMs } from '#domain';
import { KommoClient, type KommoSession } from '#kommo';
import { TokenService } from '../tokens/token-service.js';
import { type AccountWork, AccountWorkRunner, throwIfStopping } from './account-work.js';
import { JobContinuation } from './job-continuation.js';

const BATCH_ADDRESSES = 100;
/** Kommo changes so many contacts in one call. */
const MAX_TAGGED = 50;

/** Tags contacts in Kommo. */
@Injectable()
export class ContactTagger {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
  ) {}

  /** Returns the contacts that Kommo refuses to tag, with its code. Contacts that Kommo does not have are ignored. */
  async tag(accountId: number, contactIds: readonly number[], tagName: string): Promise<Map<number, string>> {
    const refused = new Map<number, string>();
    await this.tokens.withSession(accountId, async (session) => {
      for (const ids of chunksOf(contactIds, MAX_TAGGED)) await this.tagOrHalve(session, { ids, tagName }, refused);
    });
    return refused;
  }

  /** Kommo refuses the whole call when one contact is deleted or invalid. The call is halved until that contact stands alone. */
  private async tagOrHalve(
    session: KommoSession,
    { ids, tagName }: { readonly ids: readonly number[]; readonly tagName: string },
    refused: Map<number, string>,
  ): Promise<void> {
    try {
      await this.kommo.tagContacts(session, { ids, tagName });
    } catch (error) {
      if (!hasErrorCode(error, 'kommo_rejected')) throw error;
      const existing = [...(await this.kommo.findContactsByIds(session, ids)).keys()];
      const [first] = existing;
      if (first === undefined) return;
      if (existing.length === 1 && ids.length === 1) refused.set(first, 'kommo_rejected');
      else {
        const half = existing.length < ids.length ? existing.length : Math.ceil(existing.length / 2);
        for (const part of chunksOf(existing, half)) await this.tagOrHalve(session, { ids: part, tagName }, refused);
      }
    }
  }
}

/** Tags, in Kommo, every contact that holds an unsubscribed address. The account's settings name the tag. */
@Injectable()
export class WriteBack {
  constructor(
    private readonly runner: AccountWorkRunner,
    private readonly continuation: JobContinuation,
    private readonly consents: MailingConsentStore,
    private readonly tagger: ContactTagger,
    private readonly clock: Clock,
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
    const refused = settings.writeBack && ids.length > 0 ? await this.tagger.tag(lease.accountId, ids, settings.writeBackTag) : new Map();
    const retryAt = this.clock.nowMs() + parkDelayMs(1);
    await lease.write(() => this.consents.markWrittenBack(lease.accountId, pending, { refused, retryAt }));
    return true;
  }
}
