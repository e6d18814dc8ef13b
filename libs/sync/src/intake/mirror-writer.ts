import { Injectable } from '@nestjs/common';
import { ContactStore, type ContactVersion, EventStore, type SettledEvent } from '#database';
import { type AccountSettings, type ContactSnapshot, hashContent, toContactContent } from '#domain';
import type { AccountWork } from '../push/account-work.js';

/** The contact as the mirror stores it: only what the account's settings select. */
export function toVersion(snapshot: ContactSnapshot, settings: AccountSettings): ContactVersion {
  const content = toContactContent(snapshot, settings);
  return {
    contactId: snapshot.contactId,
    content,
    contentHash: hashContent(content),
    modifiedAtSeconds: snapshot.modifiedAtSeconds ?? 0,
  };
}

/** Writes contacts that were read from Kommo into the mirror. */
@Injectable()
export class MirrorWriter {
  constructor(
    private readonly contacts: ContactStore,
    private readonly events: EventStore,
  ) {}

  /**
   * Stores the contacts that are in `existing` and marks the other ids as deleted. Settles the events that asked for it in the
   * same transaction. Throws TransientError `lease_lost`.
   */
  async replace(
    work: AccountWork,
    contactIds: readonly number[],
    existing: ReadonlyMap<number, ContactSnapshot>,
    settled: readonly SettledEvent[] = [],
  ): Promise<void> {
    const { accountId } = work.lease;
    const versions = contactIds.flatMap((id) => {
      const snapshot = existing.get(id);
      return snapshot ? [toVersion(snapshot, work.settings)] : [];
    });
    const deletedIds = contactIds.filter((id) => !existing.has(id));
    await work.lease.write(async () => {
      await this.contacts.save(accountId, versions, { cause: 'reread' });
      await this.contacts.markDeleted(accountId, deletedIds, { cause: 'reread' });
      await this.events.settle(accountId, settled);
    });
  }
}
