import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { seededRandom } from '../../../apps/sandbox/src/random.js';
import { listImplementations, type Implementation, type QueueProcess } from '../../support/queue-process.js';
import { HastyClient, type KnownJob } from './hasty-client.js';
import { type JobSnapshot, LogScene, readAllJobs } from './log-scene.js';

const ROUNDS = 8;
const CLIENTS = 2;
/** A client waits for up to this many replies before its server is killed. */
const MOST_REPLIES = 1_500;

const implementations = listImplementations();
/** The embedded server is followed by both implementations, Debian's by the embedded server. */
const order: readonly Implementation[] = implementations.length > 1 ? ['embedded', 'embedded', 'debian'] : ['embedded'];
const seed = Number(process.env['BEANSTALKD_SEED'] ?? Math.trunc(systemClock.nowMs() % 2 ** 31));

let scene: LogScene;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(() => scene.close());

/** The acknowledged jobs of one log. */
class AcknowledgedJobs {
  private readonly jobs = new Map<number, KnownJob>();
  private readonly unacknowledged = new Set<string>();
  private lastId = 0;

  /** Adds what the client has sent and what was acknowledged. */
  add(client: HastyClient): void {
    for (const [id, job] of client.jobs) this.jobs.set(id, job);
    for (const body of client.unacknowledged) this.unacknowledged.add(body);
    this.lastId = Math.max(this.lastId, ...client.jobs.keys()) + client.unacknowledged.size;
  }

  /** Describes every acknowledged change that `server` has lost. The jobs that it has are the expected ones from then on. */
  async findBroken(server: QueueProcess): Promise<string[]> {
    const found = new Map((await readAllJobs(await scene.connect(server), this.lastId)).map((snapshot) => [snapshot.id, snapshot]));
    const broken = [...this.jobs]
      .filter(([id, job]) => !isKept(job, found.get(id)))
      .map(([id, job]) => describeBroken(id, job, found.get(id)));
    const unexpected = [...found.values()].filter(({ id, body }) => !this.jobs.has(id) && !this.unacknowledged.has(body));
    this.jobs.clear();
    for (const { id, body, state } of found.values()) this.jobs.set(id, { body, states: [state] });
    return [...broken, ...unexpected.map(({ id }) => `job ${id} was never put`)];
  }
}

const isKept = ({ body, states }: KnownJob, found: JobSnapshot | undefined): boolean =>
  states.includes(found?.state ?? 'deleted') && (found === undefined || found.body === body);

const describeBroken = (id: number, { states }: KnownJob, found: JobSnapshot | undefined): string =>
  `job ${id} should be ${states.join(' or ')} and is ${found === undefined ? 'deleted' : `${found.state} with ${found.body.slice(0, 20)}`}`;

/** Lets clients write, kills the server after some replies, and returns the clients. */
async function writeUntilKilled(server: QueueProcess, random: () => number, round: number): Promise<HastyClient[]> {
  const clients: HastyClient[] = [];
  for (let index = 0; index < CLIENTS; index += 1) clients.push(new HastyClient(await server.connect(), `${round}/${index}`, random));
  await Promise.race(clients.map((client) => client.write(1 + Math.floor(random() * MOST_REPLIES))));
  await scene.end(server, 'SIGKILL');
  await Promise.all(clients.map((client) => client.takeRest()));
  return clients;
}

/** Kills servers on one log again and again. Returns a description of lost changes and of unexpected jobs. */
async function killRepeatedly(flags: readonly string[]): Promise<string[]> {
  process.stdout.write(`binlog kills: seed ${seed}\n`);
  const random = seededRandom(seed);
  const folder = scene.newFolder();
  const acknowledged = new AcknowledgedJobs();
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await scene.open(order[round % order.length] ?? 'embedded', folder, { flags });
    const broken = await acknowledged.findBroken(server);
    if (broken.length > 0) return [`before round ${round}`, ...broken];
    for (const client of await writeUntilKilled(server, random, round)) acknowledged.add(client);
  }
  const last = await scene.open('embedded', folder, { flags });
  return acknowledged.findBroken(last);
}

describe('a log whose servers are killed while clients write as fast as they can', () => {
  it.each([
    ['synced before every reply', ['-f', '0']],
    ['synced before every reply, in small files', ['-f', '0', '-s', '16384']],
    ['synced every 50 ms, in small files', ['-s', '8192']],
    ['never synced, in the smallest files', ['-F', '-s', '4096']],
  ])(
    'loses nothing that was acknowledged: %s',
    async (_, flags) => {
      expect(await killRepeatedly(flags)).toEqual([]);
    },
    300_000,
  );
});
