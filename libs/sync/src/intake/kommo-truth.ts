import type { SettledEvent } from '#database';
import type { ContactSnapshot } from '#domain';
import type { SyncContext } from '../context.js';
import type { TokenService } from '../tokens/token-service.js';
import type { AccountWork } from '../push/account-work.js';
import { toVersion } from './contact-version.js';

/** What Kommo says of contacts when it is asked. */
export class KommoTruth {
  constructor(
    private readonly context: SyncContext,
    private readonly tokens: TokenService,
  ) {}

  /** Those of at most 250 contacts that live. Throws what the client throws (TransientError, AccountBlockedError). */
  async find(work: AccountWork, contactIds: readonly number[]): Promise<Map<number, ContactSnapshot>> {
    const found = await this.tokens.withSession(work.lease.accountId, (session) =>
      this.context.kommo.findContactsByIds(session, contactIds),
    );
    return new Map([...found].filter(([, snapshot]) => !snapshot.isDeleted));
  }

  /** Makes `living` the mirror's word on these contacts, and the others gone, in one transaction with the end of the events that asked. */
  async store(
    work: AccountWork,
    contactIds: readonly number[],
    living: ReadonlyMap<number, ContactSnapshot>,
    settled: readonly SettledEvent[] = [],
  ): Promise<void> {
    const { stores } = this.context;
    const { accountId } = work.lease;
    const versions = contactIds.flatMap((id) => {
      const snapshot = living.get(id);
      return snapshot ? [toVersion(snapshot, work.settings)] : [];
    });
    await work.lease.write(async () => {
      await stores.contacts.save(accountId, versions);
      await stores.contacts.markDeleted(
        accountId,
        contactIds.filter((id) => !living.has(id)),
      );
      await stores.events.settle(accountId, settled);
    });
  }
}
