import { Injectable } from '@nestjs/common';
import { type ContactChange, InvalidInputError } from '#domain';
import { readContactHook } from '#kommo';
import { EventRecorder, type ReceivedEvent, dedupKeyOf } from './event-recorder.js';
import { JobEnqueuer } from './job-enqueuer.js';

const MAX_REASON_LENGTH = 250;
/** A text column of MySQL holds 65,535 bytes. */
const MAX_PAYLOAD_BYTES = 65_000;

/** The items of a webhook, counted. */
export interface ReceivedHook {
  /** Contact changes, stored for a worker. */
  readonly accepted: number;
  /** Other entities, companies, notes and unknown actions. */
  readonly ignored: number;
  /** Items that cannot be understood, stored for the operator. */
  readonly unreadable: number;
}

/** The change as it is stored. A change that is too large is stored without its snapshot; the worker then reads the contact from Kommo. */
function toPayload(change: ContactChange): string {
  const payload = JSON.stringify(change);
  if (Buffer.byteLength(payload) <= MAX_PAYLOAD_BYTES) return payload;
  const { action, contactId, entityType } = change;
  return JSON.stringify({ action, contactId, entityType } satisfies ContactChange);
}

const toEvent = (change: ContactChange): ReceivedEvent => ({
  source: 'kommo',
  action: change.action,
  contactId: change.contactId,
  payload: toPayload(change),
  dedupKey: dedupKeyOf(change),
  state: 'waiting',
  reason: null,
});

/** An event that is not applied, only shown to the operator with its reason. */
const toRejected = (event: Pick<ReceivedEvent, 'action' | 'dedupKey' | 'state'> & { readonly reason: string }): ReceivedEvent => ({
  ...event,
  source: 'kommo',
  contactId: null,
  payload: null,
  reason: event.reason.slice(0, MAX_REASON_LENGTH),
});

/** Stores what Kommo's webhooks bring; a worker applies it later. Calls no vendor. */
@Injectable()
export class KommoInbox {
  constructor(
    private readonly events: EventRecorder,
    private readonly jobs: JobEnqueuer,
  ) {}

  /**
   * Stores every contact change of a decoded body in one statement. Throws TransientError `database_unavailable`, or
   * InvalidInputError `account_mismatch` when the body names another account; that is stored for the operator.
   */
  async receive(accountId: number, body: unknown): Promise<ReceivedHook> {
    const hook = readContactHook(body);
    if (hook.accountId !== undefined && hook.accountId !== accountId) {
      await this.recordRejected(accountId, 'refused', `the body is of account ${hook.accountId}`, dedupKeyOf(body));
      throw new InvalidInputError('the body is of another account', {
        code: 'account_mismatch',
        fields: [{ field: 'account[id]', problem: 'is not the account of this URL' }],
      });
    }
    const changes = hook.changes.filter(({ entityType }) => entityType !== 'company');
    const unreadable = hook.unreadable.map(({ action, reason }) =>
      toRejected({ action, dedupKey: dedupKeyOf([action, reason]), state: 'unreadable', reason }),
    );
    await this.events.record(accountId, [...changes.map(toEvent), ...unreadable]);
    if (changes.length > 0) this.jobs.enqueueContactsSoon(accountId);
    return {
      accepted: changes.length,
      ignored: hook.ignored + hook.changes.length - changes.length,
      unreadable: unreadable.length,
    };
  }

  /** Stores, for the operator, that a body could not be decoded. Throws TransientError `database_unavailable`. */
  async recordUnreadable(accountId: number, reason: string, bodyHash: string): Promise<void> {
    await this.recordRejected(accountId, 'unreadable', reason, bodyHash);
  }

  private async recordRejected(accountId: number, state: 'refused' | 'unreadable', reason: string, dedupKey: string): Promise<void> {
    await this.events.record(accountId, [toRejected({ action: 'hook', dedupKey, state, reason })]);
  }
}
