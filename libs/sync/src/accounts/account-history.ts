import { Injectable } from '@nestjs/common';
import { type EventView, EventStore, type FailureEntity, FailureStore } from '#database';

const DEFAULT_LIMIT = 100;

/** Lists the events and buried jobs of accounts for the operator and the widget. */
@Injectable()
export class AccountHistory {
  constructor(
    private readonly events: EventStore,
    private readonly failures: FailureStore,
  ) {}

  /** Lists events, newest first, with the reason where one was not applied. */
  async listEvents(accountId: number, limit = DEFAULT_LIMIT): Promise<EventView[]> {
    return this.events.list(accountId, limit);
  }

  /** Lists buried jobs of one account or of all, newest first. */
  async listFailures(accountId?: number, limit = DEFAULT_LIMIT): Promise<FailureEntity[]> {
    return this.failures.list({ ...(accountId === undefined ? {} : { accountId }), limit });
  }
}
