import type { ContactVersion } from '#database';
import type { ContactAddress, ContactContent } from '#domain';

/** What a test says about a contact; the rest has no meaning. */
export interface TestContact {
  readonly contactId: number;
  readonly name?: string;
  readonly emails?: readonly string[];
  readonly invalidReason?: ContactAddress['invalidReason'];
  readonly fields?: ContactContent['fields'];
  readonly contentHash?: string;
  readonly modifiedAtSeconds?: number;
  readonly passesFilter?: boolean;
}

/** A version of a contact for the stores of the mirror. */
export function contactVersion({ contactId, name = '', emails = [], invalidReason = null, ...rest }: TestContact): ContactVersion {
  const { fields = {}, contentHash = `${contactId}-${name}`, modifiedAtSeconds = 100 + contactId, passesFilter = true } = rest;
  const addresses = emails.map((email): ContactAddress => ({ email, invalidReason, kind: 'OTHER' }));
  return {
    contactId,
    content: { name, addresses, unselected: [], fields, passesFilter },
    contentHash,
    modifiedAtSeconds,
    snapshot: JSON.stringify([name, emails.map((email) => [email, 'OTHER']), [], 0, {}]),
    snapshotHash: contentHash,
    tags: '',
    responsibleUserId: 0,
  };
}
