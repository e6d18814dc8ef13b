import { expect, it } from '@jest/globals';
import type { EventStore, WaitingEvent } from '#database';
import type { AccountWork } from '../push/account-work.js';
import type { ConsentApplier } from './consent-applier.js';
import type { ContactApplier } from './contact-applier.js';
import type { ContactRereader } from './contact-rereader.js';
import { EventApplier } from './event-applier.js';
import type { KommoPolling } from './kommo-polling.js';

const work = { lease: { accountId: 1, assertHeld: () => {} }, signal: new AbortController().signal } as unknown as AccountWork;

it('a pass ends although an event arrives during each read, so that the difference is pushed', async () => {
  let arrived = 0;
  const arrive = async () => [{ eventId: String((arrived += 1)), source: 'unisender', receivedAt: arrived } as WaitingEvent];
  const events = { listWaiting: arrive, listDeferred: async () => [] } as unknown as EventStore;
  const consents = { apply: async () => {} } as unknown as ConsentApplier;
  const polling = { pollIfDue: async () => {} } as unknown as KommoPolling;
  const applier = new EventApplier(events, consents, {} as ContactApplier, {} as ContactRereader, polling);
  expect(await applier.applyWaiting(work)).toEqual({ count: 1, newestAt: 1, hasMore: false });
});
