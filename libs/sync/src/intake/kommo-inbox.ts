import { Injectable } from '@nestjs/common';
import { Database, GapStore } from '#database';
import { type ContactChange, InvalidInputError, Logger } from '#domain';
import { readContactHook } from '#kommo';
import { GapRuns } from '../runs/gap-runs.js';
import { EventRecorder, type ReceivedEvent, dedupKeyOf } from './event-recorder.js';
import { JobEnqueuer } from './job-enqueuer.js';
import { toContactEvent } from './contact-event.js';
import { WaitingQuota } from './waiting-quota.js';

const MAX_REASON_LENGTH = 250;

/** The items of a webhook, counted. */
export interface ReceivedHook {
  /** Contact changes, stored for a worker. */
  readonly accepted: number;
  /** Other entities, companies, notes and unknown actions. */
  readonly ignored: number;
  /** Items that cannot be understood. A reconciliation makes up for them. */
  readonly unreadable: number;
}

/** An event that is not applied, only shown to the operator with its reason. */
const toRejected = (event: Pick<ReceivedEvent, 'action' | 'dedupKey' | 'state'> & { readonly reason: string }): ReceivedEvent => ({
  ...event,
  source: 'kommo',
  contactId: null,
  payload: null,
  reason: event.reason.slice(0, MAX_REASON_LENGTH),
});

const isContact = ({ entityType }: ContactChange): boolean => entityType !== 'company';

/** Stores what a webhook says that is not stored as a change. */
@Injectable()
export class MissedChanges {
  constructor(
    private readonly database: Database,
    private readonly gaps: GapStore,
    private readonly runs: GapRuns,
  ) {}

  /** Runs `store` and records a gap in one transaction, then starts a reconciliation. Throws TransientError `database_unavailable`. */
  async record(accountId: number, cause: string, store: () => Promise<void>): Promise<void> {
    await this.database.transaction(async () => {
      await store();
      await this.gaps.open(accountId, cause);
    });
    this.runs.startSoon(accountId);
  }
}

/** Stores what Kommo's webhooks bring; a worker applies it later. Calls no vendor. */
@Injectable()
export class KommoInbox {
  constructor(
    private readonly events: EventRecorder,
    private readonly missed: MissedChanges,
    private readonly quota: WaitingQuota,
    private readonly jobs: JobEnqueuer,
    private readonly logger: Logger,
  ) {}

  /**
   * Stores every contact change of a decoded body; items that cannot be understood open a gap. Throws TransientError
   * `database_unavailable`, or InvalidInputError `account_mismatch` when the body names another account; that is stored for the
   * operator.
   */
  async receive(accountId: number, body: unknown): Promise<ReceivedHook> {
    const hook = readContactHook(body);
    if (hook.accountId !== undefined && hook.accountId !== accountId) return this.refuse(accountId, hook.accountId, body);
    const changes = hook.changes.filter(isContact);
    const unreadable = hook.unreadable.map(({ action, reason }) =>
      toRejected({ action, dedupKey: dedupKeyOf([action, reason]), state: 'unreadable', reason }),
    );
    const stored = [...changes.map(toContactEvent), ...unreadable];
    await (unreadable.length > 0
      ? this.missed.record(accountId, 'unreadable_item', () => this.events.record(accountId, stored))
      : this.events.recordTogether(accountId, stored));
    if (changes.length > 0) this.jobs.enqueueContactsSoon(accountId);
    this.quota.noteRecorded(accountId, changes.length);
    const received: ReceivedHook = {
      accepted: changes.length,
      ignored: hook.ignored + hook.changes.length - changes.length,
      unreadable: unreadable.length,
    };
    this.logger.debug('Kommo webhook stored', { account_id: accountId, ...received });
    return received;
  }

  /**
   * Stores, for the operator, that a body could not be decoded or is too large, and opens a gap. Throws TransientError
   * `database_unavailable`.
   */
  async recordUnreadable(accountId: number, reason: string, bodyHash: string): Promise<void> {
    const event = toRejected({ action: 'hook', dedupKey: bodyHash, state: 'unreadable', reason });
    await this.missed.record(accountId, 'unreadable_webhook', () => this.events.record(accountId, [event]));
  }

  private async refuse(accountId: number, namedId: number, body: unknown): Promise<never> {
    const reason = `the body is of account ${namedId}`;
    await this.events.record(accountId, [toRejected({ action: 'hook', dedupKey: dedupKeyOf(body), state: 'refused', reason })]);
    throw new InvalidInputError('the body is of another account', {
      code: 'account_mismatch',
      fields: [{ field: 'account[id]', problem: 'is not the account of this URL' }],
    });
  }
}
