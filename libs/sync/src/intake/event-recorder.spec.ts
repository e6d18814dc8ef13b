import { describe, expect, it } from '@jest/globals';
import type { AccountEvent, EventStore } from '#database';
import { BugError, TransientError } from '#domain';
import { EventIds, EventRecorder, type ReceivedEvent } from './event-recorder.js';

const NOW = 1_790_000_000_000;

const isSorted = (ids: readonly string[]) => ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id);

describe('EventIds', () => {
  it('makes ids of 26 characters that sort by arrival, also within a millisecond', () => {
    const ids = new EventIds();
    const made = [NOW, NOW, NOW + 1, NOW + 1, NOW + 36 ** 4].map((now) => ids.next(now));
    expect(isSorted(made)).toBe(true);
    expect(new Set(made.map(({ length }) => length))).toEqual(new Set([26]));
  });

  it('makes ids in order when the clock is set back', () => {
    const ids = new EventIds();
    expect(isSorted([ids.next(NOW), ids.next(NOW - 60_000), ids.next(NOW - 30_000), ids.next(NOW + 1)])).toBe(true);
  });

  it('makes ids that no other process makes at the same moment', () => {
    expect(new EventIds().next(NOW)).not.toBe(new EventIds().next(NOW));
  });
});

const received = (contactId: number, payload = '{}'): ReceivedEvent => ({
  source: 'kommo',
  action: 'update',
  contactId,
  payload,
  dedupKey: `contact:${contactId}`,
  state: 'waiting',
  reason: null,
});

/** A store whose statements end when the test says so. */
class HeldStore {
  readonly statements: { readonly payloads: (string | null)[]; readonly end: (error?: Error) => void }[] = [];
  readonly announced: number[] = [];
  /** When an announcement ends. */
  announcement = Promise.resolve();
  private wake = () => {};

  async announceBurst(forMs: number): Promise<void> {
    this.announced.push(forMs);
    await this.announcement;
  }

  addOfAccounts(events: readonly AccountEvent[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve());
      this.statements.push({ payloads: events.map(({ payload }) => payload), end });
      this.wake();
    });
  }

  /** Waits for statement number `index` and returns it. */
  async statement(index: number) {
    for (;;) {
      const statement = this.statements[index];
      if (statement) return statement;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}

function createRecorder() {
  const store = new HeldStore();
  const clock = { nowMs: () => NOW, sleep: async () => {} };
  const lines: string[] = [];
  const log = (message: string) => void lines.push(message);
  const recorder = new EventRecorder(store as unknown as EventStore, clock, { error: log, warn: log, info: log, debug: log });
  const results: string[] = [];
  /** Records one event with `payload`; adds the payload and the outcome to `results`. */
  const record = (payload: string, contactId = 1) =>
    recorder.recordTogether(7, [received(contactId, payload)]).then(
      () => void results.push(`${payload} stored`),
      (error: Error) => void results.push(`${payload} ${error.message}`),
    );
  return { store, record, results, lines };
}

describe('EventRecorder', () => {
  it('stores the calls of one turn by one statement, and resolves none before its commit', async () => {
    const { store, record, results } = createRecorder();
    const calls = [record('a'), record('b', 2), record('c')];
    const statement = await store.statement(0);
    expect(statement.payloads).toEqual(['a', 'c', 'b']);
    expect(results).toEqual([]);
    statement.end();
    await Promise.all(calls);
    expect([...results].sort()).toEqual(['a stored', 'b stored', 'c stored']);
    expect(store.statements).toHaveLength(1);
  });

  it('stores the calls that come while a statement runs by the next one', async () => {
    const { store, record } = createRecorder();
    const first = record('a');
    const { end } = await store.statement(0);
    const others = [record('b'), record('c')];
    end();
    await first;
    const next = await store.statement(1);
    expect(next.payloads).toEqual(['b', 'c']);
    next.end();
    await Promise.all(others);
  });

  /** Records `count` events while the statement of another one runs, and waits for all. */
  const recordMeanwhile = async ({ store, record }: ReturnType<typeof createRecorder>, count: number) => {
    const calls = [record('first')];
    const { end } = await store.statement(0);
    for (let contactId = 1; contactId <= count; contactId += 1) calls.push(record('next', contactId));
    end();
    (await store.statement(1)).end();
    await Promise.all(calls);
  };

  it('announces a burst when four calls wait after a statement, and none waits for that', async () => {
    const recorder = createRecorder();
    recorder.store.announcement = new Promise(() => {});
    await recordMeanwhile(recorder, 4);
    expect(recorder.store.announced).toEqual([500]);
  });

  it('logs a burst that could not be announced', async () => {
    const recorder = createRecorder();
    recorder.store.announcement = Promise.reject(new Error('unavailable'));
    await recordMeanwhile(recorder, 4);
    expect(recorder.lines).toEqual(['burst not announced']);
  });

  it('announces no burst when fewer calls wait', async () => {
    const recorder = createRecorder();
    await recordMeanwhile(recorder, 3);
    expect(recorder.store.announced).toEqual([]);
  });

  it('fails only the call whose events the database refuses', async () => {
    const { store, record, results } = createRecorder();
    const calls = [record('a'), record('bad'), record('c')];
    const refused = new BugError('refused', { code: 'database_statement_refused' });
    (await store.statement(0)).end(refused);
    (await store.statement(1)).end();
    (await store.statement(2)).end(refused);
    (await store.statement(3)).end();
    await Promise.all(calls);
    expect([...results].sort()).toEqual(['a stored', 'bad refused', 'c stored']);
  });

  it('fails every call of a statement when the database is unavailable, and stores later calls', async () => {
    const { store, record, results } = createRecorder();
    const calls = [record('a'), record('b')];
    (await store.statement(0)).end(new TransientError('unavailable', { code: 'database_unavailable' }));
    await Promise.all(calls);
    expect(results).toEqual(['a unavailable', 'b unavailable']);
    const later = record('c');
    (await store.statement(1)).end();
    await later;
    expect(results.at(-1)).toBe('c stored');
  });

  it('bounds the text of one statement', async () => {
    const { store, record } = createRecorder();
    const calls = ['x'.repeat(600_000), 'y'.repeat(600_000)].map((payload) => record(payload));
    const first = await store.statement(0);
    expect(first.payloads).toHaveLength(1);
    first.end();
    (await store.statement(1)).end();
    await Promise.all(calls);
  });
});
