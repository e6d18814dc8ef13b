import { Injectable } from '@nestjs/common';
import { AddressViewStore, Database } from '#database';
import { Clock, InvalidInputError, parseAddress } from '#domain';
import { toRereadEvent } from '../intake/contact-event.js';
import { EventRecorder } from '../intake/event-recorder.js';
import { JobEnqueuer } from '../intake/job-enqueuer.js';

/** What to sync again: one contact, one address, or every address that Unisender refuses. */
export type ResyncTarget =
  | { readonly kind: 'contact'; readonly contactId: number }
  | { readonly kind: 'address'; readonly email: string }
  | { readonly kind: 'all_failing' };

/** Syncs contacts and addresses again on request. */
@Injectable()
export class Resync {
  constructor(
    private readonly database: Database,
    private readonly addresses: AddressViewStore,
    private readonly events: EventRecorder,
    private readonly jobs: JobEnqueuer,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a worker read the contact from Kommo again, and push its addresses, or the given ones, again. Returns the number of known
   * addresses. Throws InvalidInputError for an address that is none.
   */
  async request(accountId: number, target: ResyncTarget): Promise<number> {
    const count = await this.database.transaction(() => this.record(accountId, target));
    await this.jobs.enqueue({ tube: 'contacts', payload: { account_id: accountId } });
    return count;
  }

  private async record(accountId: number, target: ResyncTarget): Promise<number> {
    if (target.kind === 'all_failing') return this.addresses.retryParked(accountId);
    if (target.kind === 'address') return this.addresses.retry(accountId, [toEmail(target.email)]);
    const dueAt = this.clock.nowMs();
    await this.events.record(accountId, [toRereadEvent(target.contactId, { dueAt, attempts: 0, reason: 'requested by the operator' })]);
    return this.addresses.retry(accountId, await this.addresses.listOfContact(accountId, target.contactId));
  }
}

function toEmail(text: string): string {
  const { email, invalidReason } = parseAddress(text);
  if (invalidReason === null) return email;
  throw new InvalidInputError('The address is no e-mail address', { fields: [{ field: 'email', problem: `is ${invalidReason}` }] });
}
