import { Injectable } from '@nestjs/common';
import { AccountStore, Database, MailingConsentStore } from '#database';
import { InvalidInputError, concernsList, consentOfEvent, hookBodyLimits, parseAddress, parseJsonBody } from '#domain';
import { Keyring } from '#secrets';
import { type UnisenderEvent, readUnisenderHook, verifyHookAuth } from '#unisender';
import { findUnisenderKey } from '../tokens/sealing.js';
import type { ConsentChange } from './consent-applier.js';
import { EventRecorder, type ReceivedEvent, dedupKeyOf } from './event-recorder.js';
import { JobEnqueuer } from './job-enqueuer.js';

interface ReceivedChange {
  readonly event: UnisenderEvent;
  readonly change: ConsentChange;
}

/** What an event means for our list; empty when it concerns other lists only. */
function toConsentChanges(event: UnisenderEvent, listId: number | null): ReceivedChange[] {
  const consent = consentOfEvent(event);
  const address = event.email === undefined ? undefined : parseAddress(event.email);
  if (!consent || !concernsList(event.listIds, listId) || !address || address.invalidReason === 'empty') return [];
  return [{ event, change: { emails: [address.email], consent } }];
}

const toEvent = ({ event, change }: ReceivedChange): ReceivedEvent => ({
  source: 'unisender',
  action: event.name,
  contactId: null,
  payload: JSON.stringify(change),
  dedupKey: dedupKeyOf([event.name, event.eventTime, change]),
  state: 'waiting',
  reason: null,
});

/** Reads the bodies of Unisender's webhooks, which are signed with the account's key (reference/unisender.md 8.4). */
@Injectable()
export class SignedHookReader {
  constructor(
    private readonly accounts: AccountStore,
    private readonly keyring: Keyring,
  ) {}

  /** The events of a body, with the account's list. Throws InvalidInputError: `wrong_auth`, or a body that is not JSON. */
  async read(accountId: number, rawBody: Buffer): Promise<{ readonly listId: number | null; readonly events: UnisenderEvent[] }> {
    const account = await this.accounts.find(accountId);
    const key = account && findUnisenderKey(this.keyring, account);
    if (!key || !verifyHookAuth(rawBody, key.reveal())) {
      throw new InvalidInputError('auth does not match', {
        code: 'wrong_auth',
        fields: [{ field: 'auth', problem: 'does not match the body' }],
      });
    }
    return { listId: account.listId, events: readUnisenderHook(parseJsonBody(rawBody, hookBodyLimits)) };
  }
}

/** Stores what Unisender's webhooks bring; a worker applies it later. Calls no vendor. */
@Injectable()
export class UnisenderInbox {
  constructor(
    private readonly hooks: SignedHookReader,
    private readonly database: Database,
    private readonly consents: MailingConsentStore,
    private readonly events: EventRecorder,
    private readonly jobs: JobEnqueuer,
  ) {}

  /**
   * Stores every event. An unsubscribe takes effect in the same transaction. Throws TransientError `database_unavailable`, or
   * InvalidInputError `wrong_auth` when the body is not signed with the account's key.
   */
  async receive(accountId: number, rawBody: Buffer): Promise<{ accepted: number }> {
    const hook = await this.hooks.read(accountId, rawBody);
    const received = hook.events.flatMap((event) => toConsentChanges(event, hook.listId));
    const unsubscribes = received.filter(({ change }) => change.consent !== 'mailable');
    await this.database.transaction(async () => {
      for (const { change } of unsubscribes) await this.consents.save(accountId, change.emails, change.consent);
      await this.events.record(accountId, received.map(toEvent));
    });
    if (received.length > 0) this.jobs.enqueueContactsSoon(accountId);
    if (unsubscribes.length > 0) await this.jobs.enqueue({ tube: 'write-backs', payload: { account_id: accountId } });
    return { accepted: received.length };
  }
}
