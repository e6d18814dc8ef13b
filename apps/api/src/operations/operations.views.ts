import type { EventView, FailureEntity } from '#database';
import { toIsoTime } from '#domain';
import type { EventResponse, FailureResponse } from './operations-responses.js';

export const toEventView = (event: EventView): EventResponse => ({
  event_id: event.eventId,
  source: event.source,
  action: event.action,
  contact_id: event.contactId,
  state: event.state,
  reason: event.reason,
  deliveries: event.deliveries,
  received_at: toIsoTime(event.receivedAt),
  applied_at: toIsoTime(event.appliedAt),
});

export const toFailureView = (failure: FailureEntity): FailureResponse => ({
  failure_id: failure.failureId,
  account_id: failure.accountId,
  tube: failure.tube,
  server: failure.server,
  job_id: failure.jobId,
  payload: failure.payload,
  code: failure.code,
  reason: failure.reason,
  failed_at: toIsoTime(failure.failedAt),
});
