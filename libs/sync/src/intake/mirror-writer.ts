import { Injectable } from '@nestjs/common';
import { ContactStore, type ContactVersion } from '#database';
import {
  type AccountSettings,
  type ContactSnapshot,
  type DirtyCause,
  type EmailKinds,
  type StoredSnapshot,
  hashContent,
  hashSnapshot,
  packSnapshot,
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
