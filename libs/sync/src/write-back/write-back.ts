import type { SyncContext } from '../context.js';
import { InvalidInputError, chunksOf } from '#domain';
import type { KommoSession } from '#kommo';
import { type AccountWork, throwIfStopping, workOnAccount } from '../account/account-work.js';
import type { TokenService } from '../tokens/token-service.js';

const BATCH_ADDRESSES = 100;
const BATCH_CONTACTS = 250;

/** Tells Kommo who unsubscribed: the settable tag on every living contact that holds the address. */
export class WriteBack {
  constructor(
    private readonly context: SyncContext,
    private readonly tokens: TokenService,
  ) {}

  /** Works off what is pending. Tagging a contact twice changes nothing, so a crash repeats a batch at most. */
  async run(accountId: number, signal: AbortSignal): Promise<void> {
    await workOnAccount(this.context, accountId, signal, async (work) => {
      while (await this.writeBatch(work)) {
        throwIfStopping(signal);
        work.lease.assertHeld();
      }
    });
  }

  private async writeBatch(work: AccountWork): Promise<boolean> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const pending = await stores.addresses.listWriteBacks(accountId, BATCH_ADDRESSES);
    if (pending.length === 0) return false;
    const ids = [...new Set(pending.flatMap(({ contactIds }) => contactIds))];
    if (work.settings.writeBack && ids.length > 0) {
      await this.tokens.withSession(accountId, (session) => this.tag(session, ids, work.settings.writeBackTag));
    }
    await work.lease.write((tx) =>
      stores.addresses.markWrittenBack(
        tx,
        accountId,
        pending.map(({ email }) => email),
      ),
    );
    return true;
  }

  /** Kommo refuses the whole call for one contact that is gone: then only those that live are tagged. */
  private async tag(session: KommoSession, contactIds: readonly number[], tagName: string): Promise<void> {
    const { kommo } = this.context;
    for (const ids of chunksOf(contactIds, BATCH_CONTACTS)) {
      try {
        await kommo.tagContacts(session, { ids, tagName });
      } catch (error) {
        if (!isRefused(error)) throw error;
        const living = [...(await kommo.findContactsByIds(session, ids)).keys()];
        if (living.length === ids.length) throw error;
        await kommo.tagContacts(session, { ids: living, tagName });
      }
    }
  }
}

const isRefused = (error: unknown): boolean => error instanceof InvalidInputError && error.code === 'kommo_rejected';
