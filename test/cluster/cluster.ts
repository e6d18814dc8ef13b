import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../support/beanstalkd-process.js';
import { BuiltProcess, eventually } from '../support/built-process.js';
import { OperatorClient } from '../support/operator-client.js';
import { SandboxControl } from '../support/sandbox-control.js';
import { ServiceAccount } from '../support/service-account.js';
import { BACKENDS_PATH } from './balancer.js';
import { DatabasePart } from './database-part.js';
import { type Part, ProcessPart } from './part.js';
import { type ProductionService, readProductionServices } from './production-services.js';

/** The programs, by the first argument of the image's entry point. */
const PROGRAMS: Readonly<Record<string, { readonly entry: string; readonly args: readonly string[] }>> = {
  api: { entry: 'bundle/api.js', args: [] },
  worker: { entry: 'bundle/worker.js', args: [] },
  migrate: { entry: 'bundle/cli.js', args: ['migrate'] },
  beanstalkd: { entry: 'bundle/beanstalkd.js', args: [] },
};

const CLIENT = { client_id: '0b0123f4-d123-4123-9123-e09f123456ca', client_secret: 'client-secret-of-the-cluster-0123456789' };
const ACCOUNT = { accountId: 32_000_001, unisenderKey: 'unisender-key-of-the-cluster-0123456789abcdef' };
const QUEUE_PORT = 11_300;

type Environment = Readonly<Record<string, string>>;
type Services = Readonly<Record<'api' | 'worker' | 'migrate' | 'queue', ProductionService>>;

/** How to start a cluster. */
export interface ClusterOptions {
  readonly environment?: Environment;
  readonly signal?: AbortSignal;
}

/** Free ports of 127.0.0.1. */
interface Ports {
  readonly sandbox: number;
  readonly queue: number;
  readonly balancer: number;
  readonly apis: readonly number[];
}

/**
 * The services of docker/compose.production.yaml as plain processes: their commands, variables, secrets in files and numbers, with the
 * emulated vendors. Everything is in a temporary folder and on free ports of 127.0.0.1.
 */
export class Cluster {
  readonly operatorToken = randomBytes(24).toString('hex');
  readonly operator: OperatorClient;
  readonly control: SandboxControl;
  readonly database: Part;
  readonly queue: Part;
  readonly balancer: Part;
  readonly apis: readonly Part[];
  readonly workers: readonly Part[];
  private readonly sandbox: Part;
  private readonly killing = new AbortController();
  private migration: BuiltProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly services: Services,
    private readonly ports: Ports,
    private readonly moreEnvironment: Environment,
  ) {
    this.operator = new OperatorClient(this.url, this.operatorToken);
    this.control = new SandboxControl(this.sandboxUrl);
    this.database = new DatabasePart({
      folder: join(folder, 'database'),
      killed: this.killing.signal,
      onCreated: (databaseUrl) => this.writeSecrets(databaseUrl),
    });
    this.sandbox = this.create('sandbox', this.sandboxUrl, { entry: 'bundle/sandbox.js', args: ['--port', String(ports.sandbox)] });
    this.queue = this.createQueue();
    this.apis = ports.apis.map((port, index) => this.createApi(port, `api-${index + 1}`));
    this.workers = Array.from({ length: services.worker.replicas }, (_, index) => this.createWorker(`worker-${index + 1}`));
    const backends = [ports.balancer, ...ports.apis].map(String);
    this.balancer = this.create('balancer', this.url, { entry: 'test/cluster/balancer-main.js', args: backends });
  }

  /**
   * Starts everything in the order of the compose file. `environment` overrides variables. After a failure, and after an abort of
   * `signal`, it kills what it has started, removes its folder, and throws.
   */
  static async start({ environment = {}, signal }: ClusterOptions = {}): Promise<Cluster> {
    const services = readProductionServices(['api', 'worker', 'migrate', 'queue']);
    const [sandbox = 0, queue = 0, balancer = 0, ...apis] = await findFreePorts(3 + services.api.replicas);
    const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
    const cluster = new Cluster(folder, services, { sandbox, queue, balancer, apis }, environment);
    try {
      await Promise.race([cluster.startAll(), rejectOnAbort(signal)]);
      return cluster;
    } catch (error) {
      await cluster.kill();
      throw error;
    }
  }

  /** The address of the service: the balancer's. */
  get url(): string {
    return `http://127.0.0.1:${this.ports.balancer}`;
  }

  /** The address of the emulated vendors. */
  get sandboxUrl(): string {
    return `http://127.0.0.1:${this.ports.sandbox}`;
  }

  /** Every part of the service, in the order of their start. */
  get parts(): readonly Part[] {
    return [this.database, this.queue, ...this.apis, ...this.workers, this.balancer];
  }

  /** Waits until the balancer passes requests to every API. */
  async untilBalanced(): Promise<void> {
    await eventually('every API behind the balancer', async () => {
      const response = await fetch(`${this.url}${BACKENDS_PATH}`);
      return ((await response.json()) as { isReady: boolean }[]).every(({ isReady }) => isReady);
    });
  }

  /** Connects an account of the emulated vendors. Returns it with the URL of its Kommo webhooks. */
  async connectAccount(): Promise<{ readonly account: ServiceAccount; readonly hookUrl: string }> {
    const integration = { ...CLIENT, redirect_uri: `${this.url}/auth` };
    const { accountId, unisenderKey } = ACCOUNT;
    await this.control.post('/kommo/integrations', integration);
    await this.operator.send('POST', '/integration', integration);
    await this.control.post('/kommo/accounts', { id: accountId, name: 'Cluster', subdomain: 'cluster' });
    await this.control.post('/unisender/accounts', { api_key: unisenderKey, login: 'owner@example.org' });
    const account = new ServiceAccount(this.control, this.operator, ACCOUNT);
    await account.allow(CLIENT.client_id);
    // On a slow machine the authorisation goes on after its response.
    await eventually('the access to the account', () => this.isActive(accountId));
    await account.connect();
    const { webhooks } = await this.control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${accountId}`);
    return { account, hookUrl: webhooks[0]?.destination ?? '' };
  }

  private async isActive(accountId: number): Promise<boolean> {
    const { accounts } = await this.operator.send<{ accounts: { status: string }[] }>('GET', `/accounts?account_id=${accountId}`);
    return accounts[0]?.status === 'active';
  }

  /** Stops everything in the reverse order and removes the folder. Throws the errors of all parts together. */
  async stop(): Promise<void> {
    const groups = [[this.balancer], [...this.apis, ...this.workers], [this.queue, this.sandbox], [this.database]];
    const failures: string[] = [];
    for (const group of groups) {
      const results = await Promise.allSettled(group.map((part) => part.stop()));
      failures.push(...results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])));
    }
    await rm(this.folder, { recursive: true, force: true });
    if (failures.length > 0) throw new Error(failures.join('\n'));
  }

  /** Kills everything, also what is starting, and removes the folder. Nothing starts any more. */
  async kill(): Promise<void> {
    this.killing.abort();
    await Promise.all([this.sandbox, ...this.parts].map((part) => part.kill()));
    await this.migration?.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async startAll(): Promise<void> {
    await mkdir(join(this.folder, 'secrets'));
    await this.sandbox.start();
    await this.control.set({ 'unisender.export_seconds': 0 });
    await Promise.all([this.database.start(), this.queue.start()]);
    await this.migrate();
    await Promise.all([...this.apis, ...this.workers].map((part) => part.start()));
    await this.balancer.start();
    await this.untilBalanced();
  }

  private async migrate(): Promise<void> {
    this.killing.signal.throwIfAborted();
    this.migration = new BuiltProcess(this.processOf('migrate', this.services.migrate));
    await this.migration.waitForSuccess();
  }

  private async writeSecrets(databaseUrl: string): Promise<void> {
    const secrets = {
      encryption_key: randomBytes(32).toString('base64'),
      operator_token: this.operatorToken,
      database_url: databaseUrl,
    };
    for (const [name, value] of Object.entries(secrets)) await writeFile(join(this.folder, 'secrets', name), `${value}\n`, { mode: 0o600 });
  }

  private createQueue(): Part {
    const folder = join(this.folder, 'queue');
    const flags: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', [QUEUE_PORT]: String(this.ports.queue), '/data': folder };
    const { command } = this.services.queue;
    const service = { ...this.services.queue, command: command.map((word) => flags[word] ?? word) };
    const part = new ProcessPart({
      name: 'queue',
      address: `beanstalk://127.0.0.1:${this.ports.queue}`,
      process: this.processOf('queue', service),
      isReady: () => isListening(this.ports.queue),
      killed: this.killing.signal,
    });
    const start = async () => {
      await mkdir(folder, { recursive: true });
      await part.start();
    };
    return { name: part.name, address: part.address, start, kill: () => part.kill(), stop: () => part.stop() };
  }

  private createApi(port: number, name: string): Part {
    const address = `http://127.0.0.1:${port}`;
    const isReady = () => new OperatorClient(address, '').isReady();
    const process = this.processOf(name, this.services.api, { PORT: String(port) });
    return new ProcessPart({ name, address, process, isReady, killed: this.killing.signal });
  }

  private createWorker(name: string): Part {
    const process = this.processOf(name, this.services.worker);
    return new ProcessPart({ name, process, line: /the worker is running/, killed: this.killing.signal });
  }

  private create(name: string, address: string, program: { readonly entry: string; readonly args: readonly string[] }): Part {
    return new ProcessPart({ name, address, process: { ...program, cwd: this.folder }, line: /"ready"/, killed: this.killing.signal });
  }

  /** How the process of a service is started: its program, and its variables with the places of this machine. */
  private processOf(name: string, { command, environment }: ProductionService, more: Environment = {}) {
    const [word = '', ...args] = command;
    const program = PROGRAMS[word];
    if (!program) throw new Error(`the entry point of the image has no program "${word}"`);
    const env = { ...this.toLocal(environment), ...this.vendorEnvironment(join(this.folder, name)), ...more, ...this.moreEnvironment };
    return { entry: program.entry, args: [...program.args, ...args], env, cwd: this.folder };
  }

  private toLocal(environment: Environment): Record<string, string> {
    const toValue = (value: string) =>
      value
        .replace(/^\$\{PUBLIC_URL:.*\}$/, this.url)
        .replace('/run/secrets/', `${join(this.folder, 'secrets')}/`)
        .replace(`queue:${QUEUE_PORT}`, `127.0.0.1:${this.ports.queue}`);
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, toValue(value)]));
  }

  private vendorEnvironment(dataDir: string): Record<string, string> {
    return {
      // Production refuses KOMMO_ORIGIN_OVERRIDE.
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      LOGS_FOLDER_PATH: 'none',
      LOG_FORMAT: 'json',
      KOMMO_ORIGIN_OVERRIDE: this.sandboxUrl,
      KOMMO_OAUTH_URL: `${this.sandboxUrl}/oauth`,
      UNISENDER_URL: `${this.sandboxUrl}/ru/api`,
    };
  }
}

/** Never resolves. */
function rejectOnAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => reject(new Error('the start was interrupted'));
    if (signal?.aborted) fail();
    else signal?.addEventListener('abort', fail, { once: true });
  });
}

async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
