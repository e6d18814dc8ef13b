import { chunksOf, hasErrorCode } from '#domain';
import { KOMMO_PAGE_LIMIT, type KommoSession } from '#kommo';
import { type AccountWork, throwIfStopping, throwUnlessContinued, workOnAccount } from './account-work.js';
import type { SyncContext } from '../context.js';
import type { TokenService } from '../tokens/token-service.js';

const BATCH_ADDRESSES = 100;

/** Tells Kommo who unsubscribed: the settable tag on every living contact that holds the address. */
export class WriteBack {
  constructor(
    private readonly context: SyncContext,
    private readonly tokens: TokenService,
  ) {}

  /**
   * Works off what is pending. Tagging a contact twice changes nothing, so a crash repeats a batch at most. Ends when the
   * account is held, whose holder wakes another, or paused, which the watchdog comes back to.
   */
  async run(accountId: number, signal: AbortSignal): Promise<void> {
    try {
      await workOnAccount(this.context, accountId, signal, (work) => this.writeAll(work));
    } catch (error) {
      await throwUnlessContinued(this.context, accountId, error);
    }
  }

  private async writeAll(work: AccountWork): Promise<void> {
    while (await this.writeBatch(work)) {
      throwIfStopping(work.signal);
      work.lease.assertHeld();
    }
  }

  private async writeBatch(work: AccountWork): Promise<boolean> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const pending = await stores.consents.listWriteBacks(accountId, BATCH_ADDRESSES);
    if (pending.length === 0) return false;
    const ids = [...new Set(pending.flatMap(({ contactIds }) => contactIds))];
    if (work.settings.writeBack && ids.length > 0) {
      await this.tokens.withSession(accountId, (session) => this.tag(session, ids, work.settings.writeBackTag));
    }
    await work.lease.write(() =>
      stores.consents.markWrittenBack(
        accountId,
        pending.map(({ email }) => email),
      ),
    );
    return true;
  }

  /** Kommo refuses the whole call for one contact that is isDeleted: then only those that live are tagged. */
  private async tag(session: KommoSession, contactIds: readonly number[], tagName: string): Promise<void> {
    const { kommo } = this.context;
    for (const ids of chunksOf(contactIds, KOMMO_PAGE_LIMIT)) {
      try {
        await kommo.tagContacts(session, { ids, tagName });
      } catch (error) {
        if (!hasErrorCode(error, 'kommo_rejected')) throw error;
        const living = [...(await kommo.findContactsByIds(session, ids)).keys()];
        if (living.length === ids.length) throw error;
        await kommo.tagContacts(session, { ids: living, tagName });
      }
    }
  }
}
