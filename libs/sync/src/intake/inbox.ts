import { createHash } from 'node:crypto';
import type { AccountRow, NewEvent } from '#database';
import { type ContactChange, InvalidInputError, concernsList, parseAddress, parseJsonBody, consentOfEvent } from '#domain';
import { readContactHook } from '#kommo';
import { type UnisenderEvent, readUnisenderHook, verifyHookAuth } from '#unisender';
import type { ConsentChange } from './event-applier.js';
import type { SyncContext } from '../context.js';
import { openUnisenderKey } from '../tokens/sealing.js';
import { EventIds } from './event-id.js';
import { ContactsJobEnqueuer } from './contacts-job-enqueuer.js';
import { WebhookTokens } from './webhook-tokens.js';

const MAX_REASON_LENGTH = 250;
/** Of MySQL's 65,535 in a text column. */
const MAX_PAYLOAD_BYTES = 65_000;

/** What was in a hook, counted. */
export interface ReceivedHook {
  /** Changes that wait for a worker now. */
  readonly accepted: number;
  /** Other entities, companies, notes and unknown actions. */
  readonly ignored: number;
  /** Items kept for the operator because they cannot be understood. */
  readonly unreadable: number;
}

/** A change as it is kept until a worker applies it. Without its snapshot it is one that the worker reads again from Kommo. */
function toPayload(change: ContactChange): string {
  const payload = JSON.stringify(change);
  if (Buffer.byteLength(payload) <= MAX_PAYLOAD_BYTES) return payload;
  const { action, contactId, entityType } = change;
  return JSON.stringify({ action, contactId, entityType } satisfies ContactChange);
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** What an event means for our list; nothing when it is about other lists only. */
function toConsentChange(event: UnisenderEvent, listId: number | null): { event: UnisenderEvent; change: ConsentChange }[] {
  const consent = consentOfEvent(event);
  const address = event.email === undefined ? undefined : parseAddress(event.email);
  if (!consent || !concernsList(event.listIds, listId) || !address || address.invalidReason === 'empty') return [];
  return [{ event, change: { emails: [address.email], consent } }];
}

/** Takes in what the vendors tell us: durable first, applied later. Nothing here waits for a vendor. */
export class Inbox {
  private readonly ids = new EventIds();
  private readonly tokens: WebhookTokens;
  private readonly contactsJobs: ContactsJobEnqueuer;

  constructor(private readonly context: SyncContext) {
    this.tokens = new WebhookTokens(context);
    this.contactsJobs = new ContactsJobEnqueuer(context);
  }

  /** The account behind a webhook URL, or undefined for a token that is not ours. */
  async findAccountByToken(token: string): Promise<{ accountId: number } | undefined> {
    return this.tokens.find(token);
  }

  /**
   * Stores every contact change of a decoded hook in one statement. Throws InvalidInputError `account_mismatch`, after
   * recording it, when the body names another account; TransientError when it could not be stored.
   */
  async receiveKommo(accountId: number, body: unknown): Promise<ReceivedHook> {
    const hook = readContactHook(body);
    if (hook.accountId !== undefined && hook.accountId !== accountId) {
      await this.keep(accountId, 'refused', `the body is of account ${hook.accountId}`, digest(body));
      throw new InvalidInputError('the body is of another account', {
        code: 'account_mismatch',
        fields: [{ field: 'account[id]', problem: 'is not the account of this URL' }],
      });
    }
    const changes = hook.changes.filter(({ entityType }) => entityType !== 'company');
    const events = [...changes.map((change) => this.toEvent(change)), ...hook.unreadable.map((item) => this.toUnreadable(item))];
    await this.store(accountId, events);
    if (changes.length > 0) this.contactsJobs.enqueueSoon(accountId);
    return {
      accepted: changes.length,
      ignored: hook.ignored + hook.changes.length - changes.length,
      unreadable: hook.unreadable.length,
    };
  }

  /** Keeps a body that could not even be decoded, for the operator to see. */
  async keepUnreadable(accountId: number, reason: string, bodyHash: string): Promise<void> {
    await this.keep(accountId, 'unreadable', reason, bodyHash);
  }

  /**
   * Makes unsubscribes known at once and stores the rest for a worker. Throws InvalidInputError `wrong_auth` when the body
   * is not signed with the account's key (reference/unisender.md 8.4).
   */
  async receiveUnisender(accountId: number, rawBody: Buffer): Promise<{ accepted: number }> {
    const { listId } = await this.findSigned(accountId, rawBody);
    const events = readUnisenderHook(parseJsonBody(rawBody));
    const changes = events.flatMap((event) => toConsentChange(event, listId));
    const unsubscribed = changes.filter(({ change }) => change.consent !== 'mailable');
    const { database, stores, queue, logger } = this.context;
    await database.transaction(async () => {
      for (const { change } of unsubscribed) {
        await stores.consents.save(accountId, change.emails, change.consent);
      }
      await stores.events.add(
        accountId,
        changes.map(({ event, change }) => this.toConsentEvent(event, change)),
      );
    });
    if (changes.length > 0) this.contactsJobs.enqueueSoon(accountId);
    if (unsubscribed.length > 0) {
      await queue
        .put({ tube: 'write-backs', payload: { account_id: accountId } })
        .catch((error: unknown) => logger.warn('a write-back job could not be put; the sweep will', { account_id: accountId, error }));
    }
    return { accepted: changes.length };
  }

  private async findSigned(accountId: number, rawBody: Buffer): Promise<AccountRow> {
    const account = await this.context.stores.accounts.find(accountId);
    const key = account && openUnisenderKey(this.context, account);
    if (key && verifyHookAuth(rawBody, key.reveal())) return account;
    throw new InvalidInputError('auth does not match', {
      code: 'wrong_auth',
      fields: [{ field: 'auth', problem: 'does not match the body' }],
    });
  }

  private toEvent(change: ContactChange): NewEvent {
    return {
      eventId: this.ids.next(this.context.clock.nowMs()),
      source: 'kommo',
      action: change.action,
      contactId: change.contactId,
      payload: toPayload(change),
      dedupKey: digest(change),
      state: 'waiting',
      reason: null,
    };
  }

  private toUnreadable({ action, reason }: { readonly action: string; readonly reason: string }): NewEvent {
    return { ...this.emptyEvent(reason), action, dedupKey: digest([action, reason]), state: 'unreadable' };
  }

  private toConsentEvent(event: UnisenderEvent, change: ConsentChange): NewEvent {
    return {
      eventId: this.ids.next(this.context.clock.nowMs()),
      source: 'unisender',
      action: event.name,
      contactId: null,
      payload: JSON.stringify(change),
      dedupKey: digest([event.name, event.eventTime, change]),
      state: 'waiting',
      reason: null,
    };
  }

  private emptyEvent(reason: string): Omit<NewEvent, 'action' | 'dedupKey' | 'state'> {
    return {
      eventId: this.ids.next(this.context.clock.nowMs()),
      source: 'kommo',
      contactId: null,
      payload: null,
      reason: reason.slice(0, MAX_REASON_LENGTH),
    };
  }

  private async keep(accountId: number, state: 'refused' | 'unreadable', reason: string, bodyHash: string): Promise<void> {
    await this.store(accountId, [{ ...this.emptyEvent(reason), action: 'hook', dedupKey: bodyHash, state }]);
  }

  private async store(accountId: number, events: readonly NewEvent[]): Promise<void> {
    await this.context.stores.events.add(accountId, events);
  }
}
