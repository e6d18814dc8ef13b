import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountStore, Database, RunStore } from '#database';
import { LiveChanges } from '../../../apps/api/src/operations/live-changes.js';
import type { StreamEvents } from '../../../apps/api/src/operations/operations-responses.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { eventually } from '../queue/queue-scene.js';
import { ApiScene, OPERATOR } from './api-scene.js';

const ACCOUNT_ID = 501;
const PUBLIC_URL = 'http://localhost:8080';

type Name = keyof StreamEvents;

/** A client of server-sent events, as a browser is by `fetch`. */
class StreamClient {
  readonly text: string[] = [];
  isEnded = false;
  private readonly leaving = new AbortController();

  private constructor(readonly response: Response) {}

  static async connect(url: string): Promise<StreamClient> {
    const leaving = new AbortController();
    const client = new StreamClient(await fetch(`${url}/operations/stream`, { headers: OPERATOR, signal: leaving.signal }));
    leaving.signal.throwIfAborted();
    client.leaving.signal.addEventListener('abort', () => leaving.abort());
    client.read().catch(() => {
      client.isEnded = true;
    });
    return client;
  }

  leave(): void {
    this.leaving.abort();
  }

  /** The data of every event of one name so far. */
  list<Event extends Name>(name: Event): StreamEvents[Event][] {
    return [...this.text.join('').matchAll(/event: (\w+)\ndata: (.*)\n\n/g)]
      .filter(([, event]) => event === name)
      .map(([, , data = '']) => JSON.parse(data) as StreamEvents[Event]);
  }

  /** Waits for an event that fits. Returns it, or the last one when none fits in time. */
  async wait<Event extends Name>(
    name: Event,
    fits: (data: StreamEvents[Event]) => boolean = () => true,
  ): Promise<StreamEvents[Event] | undefined> {
    const found = await eventually(
      () => this.list(name).find(fits),
      (data) => data !== undefined,
    );
    return found ?? this.list(name).at(-1);
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.response.body ?? []) this.text.push(decoder.decode(chunk as Uint8Array, { stream: true }));
    this.isEnded = true;
  }
}

describe.each(testDatabaseKinds())('GET /operations/stream on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let scenes: ApiScene[];
  let clients: StreamClient[];
  let database: Database;

  beforeEach(async () => {
    [scenes, clients] = [[], []];
    database = await databases.open();
  });

  afterEach(() => {
    for (const client of clients) client.leave();
  });

  async function openReplica(): Promise<{ scene: ApiScene; url: string }> {
    const scene = await ApiScene.open({ database, config: { publicUrl: PUBLIC_URL } });
    scenes.push(scene);
    await scene.app.listen(0, '127.0.0.1');
    return { scene, url: (await scene.app.getUrl()).replace('[::1]', '127.0.0.1') };
  }

  async function connect(url: string): Promise<StreamClient> {
    const client = await StreamClient.connect(url);
    clients.push(client);
    return client;
  }

  it('sends everything first, then what changes within two seconds, to the clients of each replica', async () => {
    const { scene, url } = await openReplica();
    const other = await openReplica();
    await scene.addAccount(ACCOUNT_ID);
    const [one, two] = [await connect(url), await connect(other.url)];
    expect(one.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(one.response.headers.get('cache-control')).toBe('no-store');
    for (const client of [one, two]) {
      expect(await client.wait('hello')).toHaveProperty('at');
      expect(await client.wait('overview')).toMatchObject({ accounts: { total: 1 } });
      expect(await client.wait('queues')).toEqual({ queues: [], servers: [] });
      expect(await client.wait('pauses')).toEqual({ pauses: [] });
    }
    const runs = scene.harness.get(RunStore);
    const startedMs = systemClock.nowMs();
    await runs.create({ runId: 'run', accountId: ACCOUNT_ID, mode: 'import', trigger: 'operator', totalEstimate: 10 });
    expect(await two.wait('run')).toMatchObject({ run_id: 'run', state: 'queued' });
    // Two seconds on a quiet machine; this one runs other tests.
    expect(systemClock.nowMs() - startedMs).toBeLessThan(20_000);
    await runs.begin('run');
    await runs.checkpoint('run', { page: 3 }, { read: 5 });
    expect(await one.wait('run', ({ page }) => page === 3)).toMatchObject({ state: 'running', read: 5 });
    await runs.transition('run', 'completed');
    // It begins and ends between two looks.
    await database.transaction(async () => {
      await runs.create({ runId: 'short', accountId: ACCOUNT_ID, mode: 'preview', trigger: 'operator', totalEstimate: 10 });
      await runs.begin('short');
      await runs.transition('short', 'completed');
    });
    for (const client of [one, two]) {
      for (const ended of ['run', 'short']) {
        const isEnd = ({ run_id: runId, state }: StreamEvents['run']) => runId === ended && state === 'completed';
        expect(await client.wait('run', isEnd)).toMatchObject({ run_id: ended, state: 'completed' });
      }
    }
    await scene.harness.get(AccountStore).update(ACCOUNT_ID, { webhookState: 'missing' });
    expect(await two.wait('accounts')).toEqual({ account_ids: [ACCOUNT_ID] });
    expect(await one.wait('overview', ({ attention_total: total }) => total === 1)).toMatchObject({
      attention: [{ account_id: ACCOUNT_ID }],
    });
    await scene.sendAsOperator('POST', '/operations/vendors/kommo/pause', { body: { minutes: 5 } });
    expect(await two.wait('pauses', ({ pauses }) => pauses.length > 0)).toMatchObject({ pauses: [{ id: 'kommo' }] });
    expect(await two.wait('audit')).toHaveProperty('audit_id');
  });

  it('reads the database once for all clients, and not at all without one', async () => {
    const { scene, url } = await openReplica();
    const changes = scene.app.get(LiveChanges, { strict: false });
    const isPolling = () => (changes as unknown as { polling?: unknown }).polling !== undefined;
    expect(isPolling()).toBe(false);
    const all = await Promise.all(Array.from({ length: 5 }, () => connect(url)));
    for (const client of all) await client.wait('overview');
    expect(isPolling()).toBe(true);
    for (const client of all) client.leave();
    expect(await eventually(isPolling, (polls) => !polls)).toBe(false);
  });

  it('ends when the process stops, without delay', async () => {
    const { scene, url } = await openReplica();
    const client = await connect(url);
    await client.wait('overview');
    await scene.app.close();
    expect(await eventually(() => client.isEnded, Boolean)).toBe(true);
  });
});

describe('the clients of GET /operations/stream', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;
  let url: string;
  let clients: StreamClient[];

  beforeEach(async () => {
    clients = [];
    scene = await ApiScene.open({ database: await databases.open(), config: { publicUrl: PUBLIC_URL } });
    await scene.app.listen(0, '127.0.0.1');
    url = (await scene.app.getUrl()).replace('[::1]', '127.0.0.1');
  });

  afterEach(() => {
    for (const client of clients) client.leave();
  });

  it('need the header of the operator', async () => {
    expect((await fetch(`${url}/operations/stream`)).status).toBe(401);
    const token = OPERATOR.authorization.replace('Bearer ', '');
    expect((await fetch(`${url}/operations/stream?access_token=${token}`)).status).toBe(401);
  });

  it('are 50 per process at most; a place is free again when one leaves', async () => {
    for (let count = 0; count < 50; count += 1) clients.push(await StreamClient.connect(url));
    const refused = await fetch(`${url}/operations/stream`, { headers: OPERATOR });
    expect({ status: refused.status, body: await refused.json() }).toMatchObject({
      status: 503,
      body: { data: { error: 'too_many_streams' } },
    });
    clients[0]?.leave();
    const connectAgain = async () => {
      const response = await fetch(`${url}/operations/stream`, { headers: OPERATOR });
      if (response.status !== 200) await response.body?.cancel();
      else clients.push({ leave: () => void response.body?.cancel() } as StreamClient);
      return response.status;
    };
    expect(await eventually(connectAgain, (status) => status === 200)).toBe(200);
  });
});
