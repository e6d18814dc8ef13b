import { performance } from 'node:perf_hooks';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { Table } from '../table.js';
import type { BenchClient } from './bench-client.js';
import { connectors, jobsOf, queueCases, type QueueCase } from './queue-case.js';
import { describeGoals, type Measured } from './queue-goals.js';
import { hasDebian, startQueueServer, type Maker, type QueueServer } from './queue-server.js';

const MS_PER_SECOND = 1000;
const makers: readonly Maker[] = ['ours', 'debian'];

/** Jobs per second. */
interface Rates {
  readonly put: number;
  readonly reserveAndDelete: number;
}

type Servers = Record<Maker, Record<'memory' | 'log', QueueServer>>;

const startBoth = async (maker: Maker) => ({
  memory: await startQueueServer(maker, false),
  log: await startQueueServer(maker, true),
});

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

const medians = (rates: readonly Rates[]): Rates => ({
  put: median(rates.map(({ put }) => put)),
  reserveAndDelete: median(rates.map(({ reserveAndDelete }) => reserveAndDelete)),
});

/** The two servers take turns, each being the first in every other round. A first round each is not counted. */
async function measure(queueCase: QueueCase, servers: Servers, rounds: number): Promise<Record<Maker, Rates>> {
  const place = queueCase.hasLog ? 'log' : 'memory';
  const clients = {
    ours: await connectAll(queueCase, servers.ours[place]),
    debian: await connectAll(queueCase, servers.debian[place]),
  };
  const seen: Record<Maker, Rates[]> = { ours: [], debian: [] };
  const jobs = jobsOf(queueCase);
  for (let index = 0; index <= rounds; index += 1) {
    for (const maker of index % 2 === 0 ? makers : [...makers].reverse()) {
      const rates = await round(clients[maker], jobs);
      if (index > 0) seen[maker].push(rates);
    }
  }
  for (const client of [...clients.ours, ...clients.debian]) client.close();
  return { ours: medians(seen.ours), debian: medians(seen.debian) };
}

const heads = ['client', 'log', 'in flight', 'connections', 'body', 'put/s', "Debian's", 'ratio', 'reserve+delete/s', "Debian's", 'ratio'];
const widest = ['fivebeans', '-f 50', '100', '8', '16384', '1000000', '1000000', '0.00', '1000000', '1000000', '0.00'];

function toCells({ client, hasLog, inFlight, connections, bodyBytes }: QueueCase, rates: Record<Maker, Rates>): string[] {
  const compare = (ours: number, debian: number) => [ours.toFixed(0), debian.toFixed(0), (ours / debian).toFixed(2)];
  const { ours, debian } = rates;
  return [
    ...[client, hasLog ? '-f 50' : 'none', `${inFlight}`, `${connections}`, `${bodyBytes}`],
    ...compare(ours.put, debian.put),
    ...compare(ours.reserveAndDelete, debian.reserveAndDelete),
  ];
}

const ratiosOf = ({ ours, debian }: Record<Maker, Rates>) => ({
  put: ours.put / debian.put,
  reserveAndDelete: ours.reserveAndDelete / debian.reserveAndDelete,
});

async function measureAll(servers: Servers, { isQuick, say }: BenchOptions): Promise<Measured[]> {
  const cases = queueCases.filter(({ connections }) => !isQuick || connections === 1);
  const table = new Table(heads, widest);
  const measured: Measured[] = [];
  say(table.head());
  for (const queueCase of cases) {
    const rates = await measure(queueCase, servers, isQuick ? 3 : 7);
    measured.push({ queueCase, ratios: ratiosOf(rates) });
    say(table.row(toCells(queueCase, rates)));
  }
  return measured;
}

/**
 * Our queue server beside Debian's beanstalkd, each a process of its own, fed by the same client in the same run. Prints the
 * medians of several short rounds. Throws when Debian's is not installed.
 */
export async function runQueueBench(options: BenchOptions): Promise<void> {
  if (!hasDebian()) throw new Error("Debian's beanstalkd is not installed: there is nothing to compare with");
  const servers = { ours: await startBoth('ours'), debian: await startBoth('debian') };
  try {
    const measured = await measureAll(servers, options);
    options.say('\nOurs ÷ Debian’s, mean (lowest):');
    for (const line of describeGoals(measured)) options.say(line);
  } finally {
    for (const { memory, log } of [servers.ours, servers.debian]) await Promise.all([memory.stop(), log.stop()]);
  }
}
