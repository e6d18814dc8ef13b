import { systemClock } from '#clock';
import { type JobPayload, silentLogger, silentMeter, standardRetry } from '#domain';
import { QueueClient, type RegisteredWorker, TubeWorkerHost } from '#queue';
import type { BenchOptions } from '../bench.js';
import { median } from '../numbers.js';
import { cpuMsOf } from '../process-figures.js';
import { connectFivebeansClient } from './fivebeans-client.js';
import { startQueueServer, type Implementation, type QueueServer } from './queue-server.js';

const MS_PER_SECOND = 1_000;
const US_PER_MS = 1_000;
const PUTS_AT_ONCE = 100;
const STOP_WITHIN_MS = 1_000;
/** Bytes of a job of the service: an account id in JSON. */
const SMALL_BODY_BYTES = 20;

/** One round: the time of a job, and the processor time of the worker process and of the server for it, in µs. */
interface Round {
  readonly jobsPerSecond: number;
  readonly ownUs: number;
  readonly serverUs: number;
}

async function fill(client: QueueClient, jobs: number): Promise<void> {
  for (let put = 0; put < jobs; put += PUTS_AT_ONCE) {
    const payloads = Array.from({ length: PUTS_AT_ONCE }, (_, index): JobPayload<'contacts'> => ({ account_id: 1 + put + index }));
    await Promise.all(payloads.map((payload) => client.put({ tube: 'contacts', payload })));
  }
}

async function measure({ pid }: QueueServer, jobs: number, work: () => Promise<void>): Promise<Round> {
  const [startedAtMs, ownBefore, serverBefore] = [performance.now(), process.cpuUsage(), cpuMsOf(pid)];
  await work();
  const elapsedMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(ownBefore);
  const serverUs = ((cpuMsOf(pid) - serverBefore) * US_PER_MS) / jobs;
  return { jobsPerSecond: (jobs * MS_PER_SECOND) / elapsedMs, ownUs: (user + system) / jobs, serverUs };
}

/** Runs `jobs` jobs that do nothing through the tube workers of libs/queue. */
async function runWorkers(server: QueueServer, jobs: number, concurrency: number): Promise<Round> {
  const endpoints = { find: () => [{ host: '127.0.0.1', port: server.port }] };
  const client = new QueueClient(endpoints, systemClock, silentLogger);
  await fill(client, jobs);
  const host = new TubeWorkerHost(endpoints, { record: async () => {} }, silentMeter, systemClock, silentLogger);
  const round = await measure(server, jobs, async () => {
    let unfinished = jobs;
    await new Promise<void>((resolve) => {
      const process = async () => {
        unfinished -= 1;
        if (unfinished === 0) resolve();
      };
      const worker: RegisteredWorker = { tube: 'contacts', concurrency, retry: standardRetry, process };
      host.start([worker]);
    });
  });
  await host.stop(STOP_WITHIN_MS);
  await client.close();
  return round;
}

/** The same with fivebeans alone: reserve and delete, one connection for each job that runs at the same time. */
async function runFivebeans(server: QueueServer, jobs: number, connections: number): Promise<Round> {
  const options = { port: server.port, bodyBytes: SMALL_BODY_BYTES, inFlight: 1 };
  const clients = await Promise.all(Array.from({ length: connections }, () => connectFivebeansClient(options)));
  await Promise.all(clients.map((client) => client.put(jobs / connections)));
  const round = await measure(server, jobs, async () => {
    await Promise.all(clients.map((client) => client.reserveAndDelete(jobs / connections)));
  });
  for (const client of clients) client.close();
  return round;
}

const subjects = [
  { name: 'fivebeans alone', run: runFivebeans },
  { name: 'tube workers', run: runWorkers },
] as const;

type Subject = (typeof subjects)[number];

async function runSubject(subject: Subject, server: QueueServer, implementation: Implementation, { isQuick, print, report }: BenchOptions) {
  for (const concurrency of [1, 8]) {
    const rounds: Round[] = [];
    for (let index = 0; index < (isQuick ? 2 : 5); index += 1) rounds.push(await subject.run(server, isQuick ? 800 : 4_000, concurrency));
    const of = (figure: keyof Round) => median(rounds.slice(1).map((round) => round[figure]));
    const name = `${subject.name}, ${concurrency} at once, ${implementation}`;
    const processorTime = `processor time per job: ${of('ownUs').toFixed(0)} µs here, ${of('serverUs').toFixed(0)} µs in the server`;
    print(`${name}: ${of('jobsPerSecond').toFixed(0)} jobs/s; ${processorTime}`);
    report({ bench: 'queue', name, value: of('jobsPerSecond'), unit: 'jobs/s' });
  }
}

/** Measures empty jobs through fivebeans alone and through the tube workers, on both servers with a log. The first round is not counted. */
export async function runWorkerBench(options: BenchOptions): Promise<void> {
  for (const implementation of ['embedded', 'debian'] satisfies Implementation[]) {
    const server = await startQueueServer(implementation, true);
    try {
      for (const subject of subjects) await runSubject(subject, server, implementation, options);
    } finally {
      await server.stop();
    }
  }
}
