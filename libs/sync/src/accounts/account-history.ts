import { Injectable } from '@nestjs/common';
import { type EventFilter, type EventPage, type EventView, EventStore, type FailureEntity, FailureStore, PersonViewStore } from '#database';
import { toRequestedEmail } from './requested-email.js';

/** Failures, newest first, and where the next page begins. */
export interface FailurePage {
  readonly failures: readonly FailureEntity[];
  /** `before` of the next page; null at the end. */
  readonly next: string | null;
}

const DEFAULT_LIMIT = 100;
/** One request searches so many parts of the events; the next one continues there. */
const MAX_PARTS = 4;

const toCursor = ({ failedAt, failureId }: FailureEntity): string => `${failedAt}:${failureId}`;

/** A text that is no cursor starts at the beginning. */
function toPosition(cursor: string | undefined): Pick<FailureEntity, 'failedAt' | 'failureId'> | undefined {
  const [, failedAt, failureId] = /^(\d{1,15}):([0-9a-f]{1,32})$/.exec(cursor ?? '') ?? [];
  return failedAt === undefined || failureId === undefined ? undefined : { failedAt: Number(failedAt), failureId };
}

/** Lists the events and buried jobs of accounts for the operator and the widget. */
@Injectable()
export class AccountHistory {
  constructor(
    private readonly events: EventStore,
    private readonly failures: FailureStore,
    private readonly people: PersonViewStore,
  ) {}

  /** Lists events, of one contact or of all, newest first, with the reason where one was not applied. */
  async listEvents(accountId: number, limit = DEFAULT_LIMIT, filter: EventFilter = {}): Promise<EventView[]> {
    return this.events.list(accountId, limit, filter);
  }

  /**
   * Searches the events for those that name the e-mail address or belong to a contact that has it, newest first. A page may be shorter
   * than `limit` although more follow: one call searches 20,000 events. Throws InvalidInputError for an invalid address.
   */
  async searchEvents(
    accountId: number,
    email: string,
    { before, limit = DEFAULT_LIMIT }: { before?: string | undefined; limit?: number },
  ): Promise<EventPage> {
    const address = toRequestedEmail(email);
    const contactIds = (await this.people.listHoldings(accountId, [address])).map(({ contactId }) => contactId);
    const events: EventView[] = [];
    let next = before;
    for (let part = 0; part < MAX_PARTS; part += 1) {
      const page = await this.events.search(accountId, { email: address, contactIds, before: next, limit: limit - events.length });
      events.push(...page.events);
      next = page.next;
      if (next === undefined || events.length === limit) break;
    }
    return { events, next };
  }

  /** Lists buried jobs of one account or of all, newest first. */
  async listFailures(accountId?: number, limit = DEFAULT_LIMIT): Promise<FailureEntity[]> {
    return this.failures.list({ ...(accountId === undefined ? {} : { accountId }), limit });
  }

  /** As {@link listFailures}, in pages; `before` is `next` of the page before. */
  async readFailures(
    accountId: number | undefined,
    { before, limit = DEFAULT_LIMIT }: { before?: string | undefined; limit?: number },
  ): Promise<FailurePage> {
    const own = accountId === undefined ? {} : { accountId };
    const failures = await this.failures.list({ ...own, after: toPosition(before), limit });
    const last = failures.length === limit ? failures.at(-1) : undefined;
    return { failures, next: last ? toCursor(last) : null };
  }
}
