import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { seededRandom } from '../../../apps/sandbox/src/random.js';
import { listMakers, type Maker, type QueueProcess } from '../../support/queue-process.js';
import { HastyClient, type KnownJob } from './hasty-client.js';
import { type JobPicture, LogScene, lookAtAll } from './log-scene.js';

const ROUNDS = 15;
const CLIENTS = 2;
/** Replies that a client waits for before its server is killed. */
const MOST_REPLIES = 1_500;

const makers = listMakers();
/** Ours is followed by ours and by Debian's, Debian's by ours. */
const order: readonly Maker[] = makers.length > 1 ? ['ours', 'ours', 'debian'] : ['ours'];
const seed = Number(process.env['BEANSTALKD_SEED'] ?? Math.trunc(systemClock.nowMs() % 2 ** 31));

let scene: LogScene;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(() => scene.close());

/** All that was ever acknowledged in one log. */
class Ledger {
  private readonly jobs = new Map<number, KnownJob>();
  private readonly unanswered = new Set<string>();
  private lastId = 0;

  add(client: HastyClient): void {
    for (const [id, job] of client.jobs) this.jobs.set(id, job);
    for (const body of client.unanswered) this.unanswered.add(body);
    this.lastId = Math.max(this.lastId, ...client.jobs.keys()) + client.unanswered.size;
  }

  /** What the server that is opened next says against it, in words; from then on what it says is true. */
  async findBroken(server: QueueProcess): Promise<string[]> {
    const found = new Map((await lookAtAll(await scene.talk(server), this.lastId)).map((picture) => [picture.id, picture]));
    const broken = [...this.jobs]
      .filter(([id, job]) => !isKept(job, found.get(id)))
      .map(([id, job]) => describeBroken(id, job, found.get(id)));
    const strangers = [...found.values()].filter(({ id, body }) => !this.jobs.has(id) && !this.unanswered.has(body));
    this.jobs.clear();
    for (const { id, body, state } of found.values()) this.jobs.set(id, { body, states: [state] });
    return [...broken, ...strangers.map(({ id }) => `job ${id} was never put`)];
  }
}

const isKept = ({ body, states }: KnownJob, found: JobPicture | undefined): boolean =>
  states.includes(found?.state ?? 'gone') && (found === undefined || found.body === body);

const describeBroken = (id: number, { states }: KnownJob, found: JobPicture | undefined): string =>
  `job ${id} should be ${states.join(' or ')} and is ${found === undefined ? 'gone' : `${found.state} with ${found.body.slice(0, 20)}`}`;

async function writeUntilKilled(server: QueueProcess, random: () => number, round: number): Promise<HastyClient[]> {
  const clients: HastyClient[] = [];
  for (let index = 0; index < CLIENTS; index += 1) clients.push(new HastyClient(await server.connect(), `${round}/${index}`, random));
  await Promise.race(clients.map((client) => client.write(1 + Math.floor(random() * MOST_REPLIES))));
  await scene.end(server, 'SIGKILL');
  await Promise.all(clients.map((client) => client.takeRest()));
  return clients;
}

/** One log through many kills; returns what was lost or came back. */
async function liveThroughKills(flags: readonly string[]): Promise<string[]> {
  process.stdout.write(`binlog kills: seed ${seed}\n`);
  const random = seededRandom(seed);
  const folder = scene.newFolder();
  const ledger = new Ledger();
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await scene.open(order[round % order.length] ?? 'ours', folder, { flags });
    const broken = await ledger.findBroken(server);
    if (broken.length > 0) return [`before round ${round}`, ...broken];
    for (const client of await writeUntilKilled(server, random, round)) ledger.add(client);
  }
  const last = await scene.open('ours', folder, { flags });
  return ledger.findBroken(last);
}

describe('a log whose servers are killed while clients write as fast as they can', () => {
  it.each([
    ['synced before every answer', ['-f', '0']],
    ['synced before every answer, in small files', ['-f', '0', '-s', '16384']],
    ['synced now and then, in small files', ['-s', '8192']],
    ['never synced, in the smallest files', ['-F', '-s', '4096']],
  ])(
    'loses nothing that was acknowledged: %s',
    async (_, flags) => {
      expect(await liveThroughKills(flags)).toEqual([]);
    },
    300_000,
  );
});
