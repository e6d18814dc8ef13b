import type { SyncContext } from '../context.js';
import { type AccountWork, throwIfStopping, workOnAccount } from '../account/account-work.js';
import type { TokenService } from '../tokens/token-service.js';

const BATCH_ADDRESSES = 100;

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
        await work.lease.keep();
      }
    });
  }

  private async writeBatch(work: AccountWork): Promise<boolean> {
    const { stores, kommo } = this.context;
    const { accountId } = work.lease;
    const pending = await stores.mirror.listWriteBacks(accountId, BATCH_ADDRESSES);
    if (pending.length === 0) return false;
    const ids = [...new Set(pending.flatMap(({ contactIds }) => contactIds))];
    if (work.settings.writeBack && ids.length > 0) {
      await this.tokens.withSession(accountId, (session) => kommo.tagContacts(session, { ids, tagName: work.settings.writeBackTag }));
    }
    await work.lease.write((tx) =>
      stores.mirror.markWrittenBack(
        tx,
        accountId,
        pending.map(({ email }) => email),
      ),
    );
    return true;
  }
}
