import { performance } from 'node:perf_hooks';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { Table } from '../table.js';
import type { BenchClient } from './bench-client.js';
import { connectors, jobsOf, queueCases, type QueueCase } from './queue-case.js';
import { summarizeGoals, type Measured, type Ratios } from './queue-goals.js';
import { runLogStartBench } from './log-start-bench.js';
import { runWorkerBench } from './worker-bench.js';
import { debianVersion, hasDebian, startQueueServer, type Implementation, type QueueServer } from './queue-server.js';

const MS_PER_SECOND = 1000;
const implementations: readonly Implementation[] = ['embedded', 'debian', 'bare'];

/** Jobs per second. */
interface Rates {
  readonly put: number;
  readonly reserveAndDelete: number;
}

type Storage = 'memory' | 'log';
type Servers = Record<Storage, Record<Implementation, QueueServer>>;

/** The bare server stores nothing: one process is used for both. */
async function startServers(): Promise<Servers> {
  const bare = await startQueueServer('bare', false);
  return {
    memory: { embedded: await startQueueServer('embedded', false), debian: await startQueueServer('debian', false), bare },
    log: { embedded: await startQueueServer('embedded', true), debian: await startQueueServer('debian', true), bare },
  };
}

const forEachImplementation = <T>(of: (implementation: Implementation) => T): Record<Implementation, T> => ({
  embedded: of('embedded'),
  debian: of('debian'),
  bare: of('bare'),
});

async function jobsPerSecond(clients: readonly BenchClient[], jobs: number, work: (client: BenchClient, jobs: number) => Promise<void>) {
  const ownJobs = Math.ceil(jobs / clients.length);
  const startedAtMs = performance.now();
  await Promise.all(clients.map((client) => work(client, ownJobs)));
  return (ownJobs * clients.length * MS_PER_SECOND) / (performance.now() - startedAtMs);
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

/** The servers take turns, in reverse order in every second round. The first round is not counted. */
async function measure(queueCase: QueueCase, servers: Servers, rounds: number): Promise<Record<Implementation, Rates[]>> {
  const { embedded, debian, bare } = servers[queueCase.hasLog ? 'log' : 'memory'];
  const clients: Record<Implementation, BenchClient[]> = {
    embedded: await connectAll(queueCase, embedded),
    debian: await connectAll(queueCase, debian),
    bare: await connectAll(queueCase, bare),
  };
  const seen = forEachImplementation<Rates[]>(() => []);
  const jobs = jobsOf(queueCase);
  for (let index = 0; index <= rounds; index += 1) {
    for (const implementation of index % 2 === 0 ? implementations : [...implementations].reverse()) {
      const rates = await round(clients[implementation], jobs);
      if (index > 0) seen[implementation].push(rates);
    }
  }
  for (const client of implementations.flatMap((implementation) => clients[implementation])) client.close();
  return seen;
}

/** Returns the median of the ratios of the rounds: other load on the machine changes more slowly than the rounds. */
function ratiosToDebian(seen: Record<Implementation, Rates[]>, implementation: Implementation): Ratios {
  const ratio = (operation: keyof Rates) =>
    median(seen[implementation].map((rates, index) => rates[operation] / (seen.debian[index]?.[operation] ?? Number.NaN)));
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

function toCells({ queueCase, embedded, bare }: Measured, seen: Record<Implementation, Rates[]>): string[] {
  const { client, hasLog, inFlight, connections, bodyBytes } = queueCase;
  const rate = (implementation: Implementation, operation: keyof Rates) =>
    median(seen[implementation].map((rates) => rates[operation])).toFixed(0);
  const compare = (operation: keyof Rates) => [
    rate('embedded', operation),
    rate('debian', operation),
    embedded[operation].toFixed(2),
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

async function measureAll(servers: Servers, { isQuick, print }: BenchOptions): Promise<Measured[]> {
  const cases = queueCases.filter(({ connections }) => !isQuick || connections === 1);
  const table = new Table(heads, widest);
  const all: Measured[] = [];
  print(table.head());
  for (const queueCase of cases) {
    const seen = await measure(queueCase, servers, isQuick ? 3 : 7);
    const measured = { queueCase, embedded: ratiosToDebian(seen, 'embedded'), bare: ratiosToDebian(seen, 'bare') };
    all.push(measured);
    print(table.row(toCells(measured, seen)));
  }
  return all;
}

const serverNames: Record<Implementation, string> = { embedded: 'embedded', debian: "Debian's beanstalkd", bare: 'bare Node server' };

/** Plots the rates of one command at a time over the number of connections. */
async function plotOverConnections(servers: Servers, { isQuick, plot }: BenchOptions): Promise<void> {
  const seen: { connections: number; rates: Record<Implementation, Rates[]> }[] = [];
  for (const connections of isQuick ? [1, 4] : [1, 4, 16, 64]) {
    const queueCase = { client: 'raw', hasLog: false, inFlight: 1, connections, bodyBytes: 64 } as const;
    seen.push({ connections, rates: await measure(queueCase, servers, isQuick ? 1 : 5) });
  }
  for (const [operation, panel] of [['put', 'put'] as const, ['reserveAndDelete', 'reserve and delete'] as const]) {
    for (const implementation of implementations) {
      const points = seen.map(({ connections, rates }) => ({
        x: connections,
        y: median(rates[implementation].map((each) => each[operation])),
      }));
      plot({ plot: 'queue', panel, name: serverNames[implementation], points });
    }
  }
}

/**
 * Compares the embedded queue server with Debian's beanstalkd and with a Node server that only replies. Each is a process of
 * its own; the same client sends the same commands to all of them in the same run. Prints the medians of several short rounds.
 * Throws when Debian's beanstalkd is not installed.
 */
export async function runQueueBench(options: BenchOptions): Promise<void> {
  if (!hasDebian()) throw new Error("Debian's beanstalkd is not installed: install the package beanstalkd");
  options.print(`${debianVersion()}\n`);
  await runLogStartBench(options);
  await runWorkerBench(options);
  options.print('');
  const servers = await startServers();
  try {
    const measured = await measureAll(servers, options);
    options.print('\nEmbedded ÷ Debian’s, mean (lowest; bare ÷ Debian’s):');
    for (const { line, figures } of summarizeGoals(measured)) {
      options.print(line);
      figures.forEach(options.report);
    }
    await plotOverConnections(servers, options);
  } finally {
    await Promise.all(
      implementations.flatMap((implementation) => [servers.memory[implementation].stop(), servers.log[implementation].stop()]),
    );
  }
}
