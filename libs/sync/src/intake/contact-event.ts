import { hash } from 'node:crypto';
import type { WaitingEvent } from '#database';
import type { ContactChange } from '#domain';
import type { ReceivedEvent } from './event-recorder.js';

/** A larger change is stored without its snapshot, so that a batch of events has a bounded size; the contact is then read from Kommo. */
const MAX_PAYLOAD_BYTES = 16_000;

type Payload = Pick<ContactChange, 'entityType'> & {
  readonly snapshot?: ContactChange['snapshot'] | undefined;
  readonly isPolled?: boolean | undefined;
};

/** Changes of one contact with this key wait together as one event. */
const keyOf = (contactId: number): string => `contact:${contactId}`;

/** The event of a contact change from a webhook or a poll. A poll that shows what a webhook brought is the same change. */
export function toContactEvent({ action, contactId, entityType, snapshot, isPolled }: ContactChange): ReceivedEvent {
  const content = JSON.stringify({ entityType, snapshot } satisfies Payload);
  const payload = isPolled ? JSON.stringify({ entityType, snapshot, isPolled } satisfies Payload) : content;
  const isStored = Buffer.byteLength(payload) <= MAX_PAYLOAD_BYTES;
  return {
    source: 'kommo',
    action,
    contactId,
    payload: isStored ? payload : JSON.stringify({ entityType } satisfies Payload),
    dedupKey: keyOf(contactId),
    changeHash: hash('sha256', `${action} ${content}`),
    modifiedAtSeconds: snapshot?.modifiedAtSeconds ?? 0,
    state: 'waiting',
    reason: null,
  };
}

/** An event that makes a worker read the contact from Kommo at `dueAt` (epoch milliseconds), `attempts` times asked already. */
export const toRereadEvent = (
  contactId: number,
  { dueAt, attempts, reason }: { dueAt: number; attempts: number; reason: string },
): ReceivedEvent => ({
  source: 'kommo',
  action: 'reread',
  contactId,
  payload: JSON.stringify({ entityType: 'contact' } satisfies Payload),
  dedupKey: keyOf(contactId),
  changeHash: 'reread',
  attempts,
  dueAt,
  state: 'waiting',
  reason,
});

/** The contact change of a waiting event of Kommo. */
export function toContactChange({ action, contactId, payload, isUnordered }: WaitingEvent): ContactChange {
  const { entityType, snapshot, isPolled = false } = JSON.parse(payload) as Partial<Payload>;
  return {
    action: action as ContactChange['action'],
    contactId: contactId ?? 0,
    entityType,
    ...(snapshot && action !== 'delete' ? { snapshot } : {}),
    isUnordered,
    isPolled,
  };
}
