import { cpus, loadavg, release } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { Table } from '../table.js';
import type { BenchClient } from './bench-client.js';
import { connectors, jobsOf, queueCases, type QueueCase } from './queue-case.js';
import { describeGoals, type Measured, type Ratios } from './queue-goals.js';
import { debianVersion, hasDebian, startQueueServer, type Maker, type QueueServer } from './queue-server.js';

const MS_PER_SECOND = 1000;
const makers: readonly Maker[] = ['ours', 'debian', 'bare'];

/** Jobs per second. */
interface Rates {
  readonly put: number;
  readonly reserveAndDelete: number;
}

type Place = 'memory' | 'log';
type Servers = Record<Place, Record<Maker, QueueServer>>;

/** The bare server keeps nothing anywhere: the same one stands beside both. */
async function startServers(): Promise<Servers> {
  const bare = await startQueueServer('bare', false);
  return {
    memory: { ours: await startQueueServer('ours', false), debian: await startQueueServer('debian', false), bare },
    log: { ours: await startQueueServer('ours', true), debian: await startQueueServer('debian', true), bare },
  };
}

const everyMaker = <T>(of: (maker: Maker) => T): Record<Maker, T> => ({ ours: of('ours'), debian: of('debian'), bare: of('bare') });

async function jobsPerSecond(clients: readonly BenchClient[], jobs: number, work: (client: BenchClient, jobs: number) => Promise<void>) {
  const startedAtMs = performance.now();
  await Promise.all(clients.map((client) => work(client, jobs / clients.length)));
  return (jobs * MS_PER_SECOND) / (performance.now() - startedAtMs);
}

/** Fills the queue and empties it again. */
async function round(clients: readonly BenchClient[], jobs: number): Promise<Rates> {
  const put = await jobsPerSecond(clients, jobs, (client, count) => client.put(count));
  const reserveAndDelete = await jobsPerSecond(clients, jobs, (client, count) => client.reserveAndDelete(count));
  return { put, reserveAndDelete };
}

async function connectAll(queueCase: QueueCase, server: QueueServer): Promise<BenchClient[]> {
  const { client, connections, inFlight, bodyBytes } = queueCase;
  return Promise.all(Array.from({ length: connections }, () => connectors[client]({ port: server.port, inFlight, bodyBytes })));
}

/** The servers take turns, in the opposite order in every other round. A first round each is not counted. */
async function measure(queueCase: QueueCase, servers: Servers, rounds: number): Promise<Record<Maker, Rates[]>> {
  const { ours, debian, bare } = servers[queueCase.hasLog ? 'log' : 'memory'];
  const clients: Record<Maker, BenchClient[]> = {
    ours: await connectAll(queueCase, ours),
    debian: await connectAll(queueCase, debian),
    bare: await connectAll(queueCase, bare),
  };
  const seen = everyMaker<Rates[]>(() => []);
  const jobs = jobsOf(queueCase);
  for (let index = 0; index <= rounds; index += 1) {
    for (const maker of index % 2 === 0 ? makers : [...makers].reverse()) {
      const rates = await round(clients[maker], jobs);
      if (index > 0) seen[maker].push(rates);
    }
  }
  for (const client of makers.flatMap((maker) => clients[maker])) client.close();
  return seen;
}

/** The median of what each round says: whatever else the machine does comes and goes more slowly than rounds do. */
function ratiosToDebian(seen: Record<Maker, Rates[]>, maker: Maker): Ratios {
  const ratio = (operation: keyof Rates) =>
    median(seen[maker].map((rates, index) => rates[operation] / (seen.debian[index]?.[operation] ?? Number.NaN)));
  return { put: ratio('put'), reserveAndDelete: ratio('reserveAndDelete') };
}

const heads = [
  'client',
  'log',
  'in flight',
  'connections',
  'body',
  'put/s',
  "Debian's",
  'ratio',
  'bare',
  'reserve+delete/s',
  "Debian's",
  'ratio',
  'bare',
];
const widest = ['fivebeans', '-f 50', '100', '8', '16384', '1000000', '1000000', '0.00', '00.00', '1000000', '1000000', '0.00', '00.00'];

function toCells({ queueCase, ours, bare }: Measured, seen: Record<Maker, Rates[]>): string[] {
  const { client, hasLog, inFlight, connections, bodyBytes } = queueCase;
  const rate = (maker: Maker, operation: keyof Rates) => median(seen[maker].map((rates) => rates[operation])).toFixed(0);
  const compare = (operation: keyof Rates) => [
    rate('ours', operation),
    rate('debian', operation),
    ours[operation].toFixed(2),
    bare[operation].toFixed(2),
  ];
  return [
    client,
    hasLog ? '-f 50' : 'none',
    `${inFlight}`,
    `${connections}`,
    `${bodyBytes}`,
    ...compare('put'),
    ...compare('reserveAndDelete'),
  ];
}

async function measureAll(servers: Servers, { isQuick, say }: BenchOptions): Promise<Measured[]> {
  const cases = queueCases.filter(({ connections }) => !isQuick || connections === 1);
  const table = new Table(heads, widest);
  const all: Measured[] = [];
  say(table.head());
  for (const queueCase of cases) {
    const seen = await measure(queueCase, servers, isQuick ? 3 : 11);
    const measured = { queueCase, ours: ratiosToDebian(seen, 'ours'), bare: ratiosToDebian(seen, 'bare') };
    all.push(measured);
    say(table.row(toCells(measured, seen)));
  }
  return all;
}

function describeMachine(): string {
  const load = loadavg()[0]?.toFixed(1);
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, Linux ${release()}, load ${load}; Node ${process.version}; ${debianVersion()}`;
}

/**
 * Our queue server beside Debian's beanstalkd and a Node server that only answers, each a process of its own, fed by the same
 * client in the same run. Prints the medians of several short rounds. Throws when Debian's is not installed.
 */
export async function runQueueBench(options: BenchOptions): Promise<void> {
  if (!hasDebian()) throw new Error("Debian's beanstalkd is not installed: there is nothing to compare with");
  options.say(`${describeMachine()}\n`);
  const servers = await startServers();
  try {
    const measured = await measureAll(servers, options);
    options.say('\nOurs ÷ Debian’s, mean (lowest; a bare Node server ÷ Debian’s):');
    for (const line of describeGoals(measured)) options.say(line);
  } finally {
    await Promise.all(makers.flatMap((maker) => [servers.memory[maker].stop(), servers.log[maker].stop()]));
  }
}
