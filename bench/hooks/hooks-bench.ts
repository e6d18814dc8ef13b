import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serviceModes, type ServiceMode, ServiceProcesses } from '../../test/support/service-processes.js';
import type { BenchOptions, Line } from '../bench.js';
import { median } from '../numbers.js';
import { cpuMsOf } from '../process-figures.js';
import { findChild } from '../service/bench-service.js';
import { Table } from '../table.js';
import { type HookTarget, type LoadResult, percentile, sendAsFastAsPossible, sendAtRate, toCurve } from './hook-load.js';

const US_PER_MS = 1_000;
/** With fewer connections, the rate is only plotted: it is that of the exchange of one message, not of the server. */
const FEWEST_CONNECTIONS = 16;
const BARE_ROUTE = fileURLToPath(new URL('./bare-route.js', import.meta.url));

/** A server under load. */
interface Server {
  readonly target: HookTarget;
  readonly pid: number;
}

/** Hooks per second and processor time of the server per hook, of one round. */
interface Round {
  readonly load: LoadResult;
  readonly cpuUs: number;
}

async function startBareRoute(): Promise<Server & { stop(): void }> {
  const child = spawn(process.execPath, [BARE_ROUTE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { target: { port: Number(line.toString()), path: '/webhook/bare-0123456789' }, pid: child.pid ?? 0, stop };
}

/** The service with one account in sync. */
class HookService {
  private constructor(
    readonly processes: ServiceProcesses,
    readonly accountId: number,
    readonly server: Server,
    private readonly workerPid: number,
  ) {}

  static async start(mode: ServiceMode): Promise<HookService> {
    const processes = await ServiceProcesses.start({ mode });
    const account = await processes.addAccount();
    await account.connect();
    const { webhooks } = await processes.control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${account.accountId}`);
    const { pathname } = new URL(webhooks[0]?.destination ?? '');
    const [apiPid, workerPid] =
      mode === 'servers'
        ? [processes.apiServer.pid, processes.worker.pid]
        : [findChild(processes, 'bundle/api.js'), findChild(processes, 'bundle/worker.js')];
    return new HookService(processes, account.accountId, { target: { port: processes.port, path: pathname }, pid: apiPid }, workerPid);
  }

  /** Stops the worker between two jobs, so that it holds no lock. */
  async pauseWorker(): Promise<void> {
    await this.processes.api.send('POST', `/operations/accounts/${this.accountId}/pause`);
    process.kill(this.workerPid, 'SIGSTOP');
  }

  async resumeWorker(): Promise<void> {
    process.kill(this.workerPid, 'SIGCONT');
    await this.processes.api.send('POST', `/operations/accounts/${this.accountId}/resume`);
  }
}

async function runRound({ target, pid }: Server, accountId: number, connections: number, durationMs: number): Promise<Round> {
  const before = cpuMsOf(pid);
  const load = await sendAsFastAsPossible(target, accountId, connections, durationMs);
  return { load, cpuUs: ((cpuMsOf(pid) - before) * US_PER_MS) / load.latenciesMs.length };
}

/** The servers take turns in short rounds. A ratio is the median over the rounds; the first round is not counted. */
async function compare(service: HookService, bare: Server, connections: number, { isQuick }: BenchOptions) {
  const [rounds, durationMs] = isQuick ? [1, 500] : [connections < FEWEST_CONNECTIONS ? 2 : 5, 2_000];
  const seen: { ours: Round; bare: Round }[] = [];
  for (let index = 0; index <= rounds; index += 1) {
    const bareRound = await runRound(bare, service.accountId, connections, durationMs);
    const ours = await runRound(service.server, service.accountId, connections, durationMs);
    if (index > 0) seen.push({ ours, bare: bareRound });
  }
  return {
    perSecond: median(seen.map(({ ours }) => ours.load.perSecond)),
    barePerSecond: median(seen.map((round) => round.bare.load.perSecond)),
    ratio: median(seen.map((round) => round.ours.load.perSecond / round.bare.load.perSecond)),
    cpuUs: median(seen.map(({ ours }) => ours.cpuUs)),
    bareCpuUs: median(seen.map((round) => round.bare.cpuUs)),
    failed: seen.reduce((sum, { ours }) => sum + ours.load.failed, 0),
  };
}

type Point = Line['points'][number];

const heads = ['database', 'worker', 'connections', 'hooks/s', 'bare', 'ratio', 'goal', 'µs of API per hook', 'bare', 'failed'];
const widest = ['servers', 'running', '64', '10000', '10000', '0.00', '0.0', '1000', '1000', '0'];

const databases: Record<ServiceMode, string> = { embedded: 'SQLite', servers: 'MariaDB' };

async function measureRates(service: HookService, bare: Server, mode: ServiceMode, options: BenchOptions, worker: 'running' | 'stopped') {
  const table = new Table(heads, widest);
  const [rates, bareRates]: [Point[], Point[]] = [[], []];
  for (const connections of options.isQuick ? [16] : [1, 4, 16, 64]) {
    const { perSecond, barePerSecond, ratio, cpuUs, bareCpuUs, failed } = await compare(service, bare, connections, options);
    const goal = worker === 'running' ? 0.5 : 0.7;
    const cells = [perSecond.toFixed(0), barePerSecond.toFixed(0), ratio.toFixed(2), `${goal}`, cpuUs.toFixed(0), bareCpuUs.toFixed(0)];
    options.print(table.row([mode, worker, `${connections}`, ...cells, `${failed}`]));
    rates.push({ x: connections, y: perSecond });
    bareRates.push({ x: connections, y: barePerSecond });
    if (connections < FEWEST_CONNECTIONS) continue;
    const name = `${mode}, worker ${worker}, ${connections} connections: hooks/s ÷ bare`;
    options.report({ bench: 'hooks', name: `${mode}, worker ${worker}, ${connections} connections`, value: perSecond, unit: 'hooks/s' });
    options.report({ bench: 'hooks', name, value: ratio, unit: '×', goal: { atLeast: goal } });
  }
  const panel = `worker ${worker}`;
  if (mode === 'embedded') options.plot({ plot: 'hooks', panel, name: 'bare route', points: bareRates });
  options.plot({ plot: 'hooks', panel, name: databases[mode], points: rates });
}

async function measureLatencies(service: HookService, mode: ServiceMode, { isQuick, print, report, plot }: BenchOptions): Promise<void> {
  for (const perSecond of isQuick ? [200] : [200, 1_000]) {
    const load = await sendAtRate(service.server.target, service.accountId, perSecond, isQuick ? 1_000 : 10_000);
    const [p50, p99] = [percentile(load, 0.5), percentile(load, 0.99)];
    print(`${mode}, ${perSecond} hooks/s: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal 100 ms), ${load.failed} failed`);
    report({ bench: 'hooks', name: `${mode}, ${perSecond} hooks/s: p99`, value: p99, unit: 'ms', goal: { atMost: 100 } });
    plot({ plot: 'responses', panel: databases[mode], name: `${perSecond} hooks/s`, points: toCurve(load) });
  }
}

/**
 * Compares the webhook route with a Fastify route that only parses the same bodies, on SQLite and, where it is installed, on MariaDB.
 * A hook counts when its response came, and the response comes after the commit.
 */
export async function runHooksBench(options: BenchOptions): Promise<void> {
  const bare = await startBareRoute();
  for (const mode of serviceModes()) {
    const service = await HookService.start(mode);
    try {
      const table = new Table(heads, widest);
      options.print(table.head());
      await service.pauseWorker();
      await measureRates(service, bare, mode, options, 'stopped');
      await service.resumeWorker();
      await measureRates(service, bare, mode, options, 'running');
      await measureLatencies(service, mode, options);
    } finally {
      await service.processes.stop();
    }
    if (options.isQuick) break;
  }
  bare.stop();
}
