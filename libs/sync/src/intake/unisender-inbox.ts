import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountListStore, AccountStore, Database, MailingConsentStore } from '#database';
import {
  type ConsentEffect,
  type EventContext,
  InvalidInputError,
  type Refusals,
  addRefusals,
  hookBodyLimits,
  noRefusals,
  parseAddress,
  parseJsonBody,
  readConsentEvent,
} from '#domain';
import { Keyring } from '#secrets';
import { type UnisenderEvent, readUnisenderHook, verifyHookAuth } from '#unisender';
import { findUnisenderKey } from '../tokens/sealing.js';
import type { ConsentNotice } from './consent-applier.js';
import { EventRecorder, type ReceivedEvent, dedupKeyOf } from './event-recorder.js';
import { JobEnqueuer } from './job-enqueuer.js';

const MAX_LOGIN_LENGTH = 255;

interface ReceivedChange {
  readonly event: UnisenderEvent;
  readonly email: string;
  readonly effect: ConsentEffect;
}

/** What an event means for an account; empty when it says nothing about the whole Unisender account or a list of ours. */
function toConsentChanges(event: UnisenderEvent, context: EventContext): ReceivedChange[] {
  const effect = readConsentEvent(event, context);
  const address = event.email === undefined ? undefined : parseAddress(event.email);
  return effect && address && address.invalidReason !== 'empty' ? [{ event, email: address.email, effect }] : [];
}

function toEvent({ event, email, effect }: ReceivedChange): ReceivedEvent {
  const notice: ConsentNotice = { emails: [email], needsLook: effect.needsLook };
  const lists = [event.leftListIds, event.joinedListIds, event.otherListIds];
  return {
    source: 'unisender',
    action: event.name,
    contactId: null,
    payload: JSON.stringify(notice),
    dedupKey: dedupKeyOf([event.name, event.status, event.eventTime, lists, notice]),
    state: 'waiting',
    reason: null,
  };
}

/** The refusals of the events by address. Those of one address add up. */
function toRefusals(received: readonly ReceivedChange[]): Map<string, Refusals> {
  const refusals = new Map<string, Refusals>();
  for (const { email, effect } of received) {
    if (effect.refusals.global || effect.refusals.list) {
      refusals.set(email, addRefusals(refusals.get(email) ?? noRefusals, effect.refusals));
    }
  }
  return refusals;
}

/** Reads the bodies of Unisender's webhooks, which are signed with the account's key (reference/unisender.md 8.4). */
@Injectable()
export class SignedHookReader {
  constructor(
    private readonly accounts: AccountStore,
    private readonly keyring: Keyring,
  ) {}

  /** Reads the events of a body, and saves the login that they name. Throws InvalidInputError: `wrong_auth`, or a body that is not JSON. */
  async read(accountId: number, rawBody: Buffer): Promise<{ readonly account: AccountEntity; readonly events: UnisenderEvent[] }> {
    const account = await this.accounts.find(accountId);
    const key = account && findUnisenderKey(this.keyring, account);
    if (!key || !verifyHookAuth(rawBody, key.reveal())) {
      throw new InvalidInputError('auth does not match', {
        code: 'wrong_auth',
        fields: [{ field: 'auth', problem: 'does not match the body' }],
      });
    }
    const events = readUnisenderHook(parseJsonBody(rawBody, hookBodyLimits));
    await this.saveLogin(account, events);
    return { account, events };
  }

  /** The body is signed with the account's key, so it names the account's Unisender login. */
  private async saveLogin({ accountId, unisenderLogin }: AccountEntity, events: readonly UnisenderEvent[]): Promise<void> {
    const login = events.find((event) => event.login !== undefined)?.login?.slice(0, MAX_LOGIN_LENGTH);
    if (login !== undefined && login !== unisenderLogin) await this.accounts.update(accountId, { unisenderLogin: login });
  }
}

/** What is stored about consents, as the inbox needs it. */
@Injectable()
export class StoredConsents {
  constructor(
    private readonly consents: MailingConsentStore,
    private readonly lists: AccountListStore,
    private readonly database: Database,
  ) {}

  /** Adds refusals. Call it in a transaction. */
  async addRefusals(accountId: number, refusals: ReadonlyMap<string, Refusals>): Promise<void> {
    await this.consents.addRefusals(accountId, refusals);
  }

  /** What is needed to read events that arrive now. */
  async contextOf(account: AccountEntity): Promise<EventContext> {
    const { everIds } = await this.lists.findOurLists(account);
    return { ourListIds: everIds, receivedAtMs: await this.database.nowMs() };
  }
}

/** Stores what Unisender's webhooks bring; a worker applies it later. Calls no vendor. */
@Injectable()
export class UnisenderInbox {
  constructor(
    private readonly hooks: SignedHookReader,
    private readonly database: Database,
    private readonly stored: StoredConsents,
    private readonly events: EventRecorder,
    private readonly jobs: JobEnqueuer,
  ) {}

  /**
   * Stores every event. An unsubscribe takes effect in the same transaction. Throws TransientError `database_unavailable`, or
   * InvalidInputError `wrong_auth` when the body is not signed with the account's key.
   */
  async receive(accountId: number, rawBody: Buffer): Promise<{ accepted: number }> {
    const { account, events } = await this.hooks.read(accountId, rawBody);
    const context: EventContext = await this.stored.contextOf(account);
    const received = events.flatMap((event) => toConsentChanges(event, context));
    const refusals = toRefusals(received);
    await this.database.transaction(async () => {
      await this.stored.addRefusals(accountId, refusals);
      await this.events.record(accountId, received.map(toEvent));
    });
    if (received.length > 0) this.jobs.enqueueContactsSoon(accountId);
    if (refusals.size > 0) await this.jobs.enqueue({ tube: 'write-backs', payload: { account_id: accountId } });
    return { accepted: received.length };
  }
}
