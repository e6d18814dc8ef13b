import type { ContactVersion } from '#database';
import { type AccountSettings, type ContactSnapshot, hashContent, toContactContent } from '#domain';

/** A contact as the account's settings let the mirror keep it. */
export function toVersion(snapshot: ContactSnapshot, settings: AccountSettings): ContactVersion {
  const content = toContactContent(snapshot, settings);
  return {
    contactId: snapshot.contactId,
    content,
    contentHash: hashContent(content),
    modifiedAtSeconds: snapshot.modifiedAtSeconds ?? 0,
  };
}
