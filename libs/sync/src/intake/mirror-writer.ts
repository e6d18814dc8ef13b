import { Injectable } from '@nestjs/common';
import { ContactStore, type ContactVersion } from '#database';
import {
  type AccountSettings,
  type ContactSnapshot,
  type DirtyCause,
  type EmailKinds,
  type StoredSnapshot,
  addressKinds,
  hashContent,
  hashSnapshot,
  packSnapshot,
  readPackedSnapshot,
  toContactContent,
  toStoredSnapshot,
  toTagsKey,
} from '#domain';
import type { AccountWork } from '../push/account-work.js';

/** What turns a contact into its content. */
export interface ContentRules {
  readonly settings: AccountSettings;
  readonly emailKinds: EmailKinds;
}

/** The rules of an account at work. */
export const rulesOf = ({ settings, account }: AccountWork): ContentRules => ({ settings, emailKinds: account.emailKinds ?? {} });

/** The contact as the mirror stores it: as Kommo has it, and what the account's settings make of it. */
export function toVersion(
  contact: Pick<ContactSnapshot, 'contactId' | 'modifiedAtSeconds'> & StoredSnapshot,
  { settings, emailKinds }: ContentRules,
): ContactVersion {
  const stored = toStoredSnapshot(contact);
  const snapshot = packSnapshot(stored);
  const content = toContactContent(stored, settings, emailKinds);
  return {
    contactId: contact.contactId,
    content,
    contentHash: hashContent(content),
    modifiedAtSeconds: contact.modifiedAtSeconds ?? 0,
    snapshot,
    snapshotHash: hashSnapshot(snapshot),
    tags: toTagsKey(stored.tags),
    responsibleUserId: stored.responsibleUserId,
  };
}

/** Whether the settings may keep a contact or an address off the list. */
const isRestricting = ({ includeTags, excludeTags, responsibleUserIds, ...settings }: AccountSettings): boolean =>
  includeTags.length + excludeTags.length + responsibleUserIds.length > 0 || settings.addressKinds.length < addressKinds.length;

/** Finds contacts to which the present settings were not applied yet. */
@Injectable()
export class OutdatedContents {
  constructor(private readonly contacts: ContactStore) {}

  /**
   * Returns the contacts whose stored content differs from what the present settings make of the same snapshot. What a webhook then
   * removes is removed by the settings, and is counted.
   */
  async find(work: AccountWork, contactIds: readonly number[]): Promise<ReadonlySet<number>> {
    const rules = rulesOf(work);
    if (!isRestricting(rules.settings)) return new Set();
    const stored = await this.contacts.listStoredAmong(work.lease.accountId, contactIds);
    const outdated = stored.filter(({ contactId, modifiedAtSeconds, contentHash, snapshot }) => {
      if (snapshot === null) return false;
      return toVersion({ contactId, modifiedAtSeconds, ...readPackedSnapshot(snapshot) }, rules).contentHash !== contentHash;
    });
    return new Set(outdated.map(({ contactId }) => contactId));
  }
}

/** Writes contacts that were read from Kommo into the mirror. */
@Injectable()
export class MirrorWriter {
  constructor(private readonly contacts: ContactStore) {}

  /** Stores contacts that Kommo has, whatever the mirror holds of them. Throws TransientError `lease_lost`. */
  async store(work: AccountWork, snapshots: readonly ContactSnapshot[], cause: DirtyCause): Promise<void> {
    const versions = snapshots.map((snapshot) => toVersion(snapshot, rulesOf(work)));
    await work.lease.write(() => this.contacts.save(work.lease.accountId, versions, { cause }));
  }
}
