import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#clock';
import { Database } from '#database';
import { Secret } from '#domain';
import { type QueueServer, findFreePort, hasDebianBeanstalkd, startDebianBeanstalkd } from './beanstalkd-process.js';
import { BuiltProcess, eventually, isAlive, listChildren } from './built-process.js';
import { type MariaDbProcess, hasMariaDb, startMariaDb } from './mariadb-process.js';
import { OperatorClient } from './operator-client.js';
import { SandboxControl } from './sandbox-control.js';
import { ServiceAccount } from './service-account.js';

/** `embedded`: one `start` with SQLite and our queue. `servers`: API and workers with MariaDB and Debian's beanstalkd. */
export type ServiceMode = 'embedded' | 'servers';

/** How the service runs. */
export interface ServiceOptions {
  readonly mode: ServiceMode;
  /** Number of workers, default 1. `embedded` always has one. */
  readonly workers?: number;
  /** Number of APIs behind a balancer of connections, default 1. `embedded` always has one, without a balancer. */
  readonly apis?: number;
  /** Whether the bundles are started, as by the launcher, instead of the compiled files. Default true. */
  readonly isBundled?: boolean;
  /** Variables in addition to those of the harness. */
  readonly env?: Readonly<Record<string, string>>;
  /** Switches of the sandbox in addition to those of the harness. */
  readonly switches?: Readonly<Record<string, unknown>>;
}

const CLIENT_ID = '0b0123f4-d123-4123-9123-e09f123456ca';
const CLIENT_SECRET = 'client-secret-of-the-tests-0123456789';
const OPERATOR_TOKEN = 'operator-token-of-the-tests-0123456789';

type Program = 'api' | 'cli' | 'sandbox' | 'worker';

/** Several processes start together, on a machine that may run other tests. */
const READY_WITHIN_MS = 240_000;

/** The limits of the vendors are off by default. */
const noLimits = {
  'kommo.requests_per_second': 0,
  'unisender.requests_per_minute': 0,
  'unisender.export_per_minute': 0,
  'unisender.export_seconds': 0,
};

/** Lists the modes that this machine can run. With CI=true it throws unless that is all of them. */
export function serviceModes(): ServiceMode[] {
  if (hasMariaDb() && hasDebianBeanstalkd()) return ['embedded', 'servers'];
  if (process.env['CI'] === 'true') throw new Error('mariadb-server and beanstalkd must be installed: CI runs every test');
  process.stderr.write('mariadb-server or beanstalkd is not installed; their tests are skipped\n');
  return ['embedded'];
}

/** Runs the built service and the emulated vendors in separate processes. `stop` ends only the processes that it started. */
export class ServiceProcesses {
  /** The headers of an operator. */
  readonly operator = { authorization: `Bearer ${OPERATOR_TOKEN}` };
  readonly clientId = CLIENT_ID;
  readonly clientSecret = CLIENT_SECRET;
  readonly api: OperatorClient;
  readonly control: SandboxControl;
  private sandbox: BuiltProcess | undefined;
  private supervisor: BuiltProcess | undefined;
  private apiProcess: BuiltProcess | undefined;
  private readonly furtherApis: BuiltProcess[] = [];
  private balancer: Server | undefined;
  private workers: BuiltProcess[] = [];
  private mariaDb: MariaDbProcess | undefined;
  private beanstalkd: QueueServer | undefined;
  private schema = '';
  private readonly spawned: BuiltProcess[] = [];
  private accounts = 0;

  private constructor(
    /** Everything that the service writes is below. */
    readonly folder: string,
    readonly url: string,
    readonly sandboxUrl: string,
    private env: Readonly<Record<string, string>>,
    private readonly isBundled: boolean,
  ) {
    this.api = new OperatorClient(url, OPERATOR_TOKEN);
    this.control = new SandboxControl(sandboxUrl);
  }

  /** Starts everything and saves an integration. After a failure it stops what it has started. */
  static async start(options: ServiceOptions): Promise<ServiceProcesses> {
    const folder = await mkdtemp(join(tmpdir(), 'service-'));
    const [port, sandboxPort] = [await findFreePort(), await findFreePort()];
    await mkdir(join(folder, 'tmp'));
    const [url, sandboxUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${sandboxPort}`];
    const service = new ServiceProcesses(folder, url, sandboxUrl, {}, options.isBundled ?? true);
    service.env = { ...baseEnv({ folder, port, url, sandboxUrl }), ...options.env };
    try {
      await service.startAll(options, sandboxPort);
      return service;
    } catch (error) {
      await service.stop().catch(() => {});
      throw error;
    }
  }

  private async startAll(options: ServiceOptions, sandboxPort: number): Promise<void> {
    const { mode, workers = 1, apis = 1, env = {}, switches = {} } = options;
    this.sandbox = this.spawn('sandbox', ['--port', String(sandboxPort)]);
    await this.sandbox.waitForLine(/"sandbox":"ready"/);
    await this.control.set({ ...noLimits, ...switches });
    if (mode === 'embedded') this.supervisor = this.spawn('cli', ['start']);
    else await this.startServers({ workers, apis, env });
    await eventually('a ready service', () => this.api.isReady(), READY_WITHIN_MS);
    const credentials = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uri: `${this.url}/auth` };
    await this.control.post('/kommo/integrations', credentials);
    await this.api.send('POST', '/integration', credentials);
  }

  private async startServers({ workers, apis, env }: Required<Pick<ServiceOptions, 'workers' | 'apis' | 'env'>>): Promise<void> {
    this.mariaDb = await startMariaDb();
    this.beanstalkd = await startDebianBeanstalkd();
    const { database } = await this.mariaDb.createSchema();
    this.schema = database;
    this.env = {
      ...this.env,
      DATABASE_URL: `mysql://root:@127.0.0.1:${this.mariaDb.port}/${database}`,
      BEANSTALK_URL: `beanstalk://127.0.0.1:${this.beanstalkd.port}`,
      ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      ...env,
    };
    await this.spawn('cli', ['migrate']).waitForSuccess();
    if (apis === 1) await this.startApi();
    else await this.startBalancedApis(apis);
    for (let count = 0; count < workers; count += 1) await this.startWorker();
  }

  private async startBalancedApis(count: number): Promise<void> {
    const ports: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const port = await findFreePort();
      const api = this.spawn('api', [], { PORT: String(port) });
      await api.waitForLine(/"api":"ready"/);
      this.furtherApis.push(api);
      ports.push(port);
    }
    this.balancer = await startBalancer(this.port, ports);
  }

  private spawn(program: Program, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): BuiltProcess {
    const entry = this.isBundled ? `bundle/${program}.js` : `apps/${program}/src/main.js`;
    const started = new BuiltProcess({ entry, args, env: { ...this.env, ...env }, cwd: this.folder });
    if (program !== 'sandbox') this.spawned.push(started);
    return started;
  }

  /** The process of the emulated vendors. */
  get sandboxPid(): number {
    if (!this.sandbox) throw new Error('the sandbox does not run');
    return this.sandbox.pid;
  }

  /** The variables of every process of the service. */
  get environment(): Readonly<Record<string, string>> {
    return this.env;
  }

  /** The port of the API. */
  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Debian's beanstalkd. Mode `servers` only. */
  get queue(): QueueServer {
    return required(this.beanstalkd);
  }

  /** MariaDB. Mode `servers` only. */
  get database(): MariaDbProcess {
    return required(this.mariaDb);
  }

  /** The process of `start`. Mode `embedded` only. */
  get command(): BuiltProcess {
    return required(this.supervisor);
  }

  /** The process of the API. Mode `servers` only. */
  get apiServer(): BuiltProcess {
    return required(this.apiProcess);
  }

  /** The oldest running worker. Mode `servers` only. */
  get worker(): BuiltProcess {
    return required(this.workers.find(({ exitCode }) => exitCode === undefined));
  }

  /** Starts the API and waits until it is ready. */
  async startApi(): Promise<void> {
    this.apiProcess = this.spawn('api');
    await this.apiProcess.waitForLine(/"api":"ready"/);
  }

  /** Starts a worker and waits until it runs. */
  async startWorker(): Promise<void> {
    const worker = this.spawn('worker');
    this.workers.push(worker);
    await worker.waitForLine(/the worker is running/);
  }

  /** Runs a command of the CLI. Returns its exit code. */
  async runCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number | null> {
    return this.spawn('cli', args, env).waitForExit();
  }

  /** Reads everything that the service has written: database, logs, queue, temporary files, output. Omits its key files. */
  async readEverything(): Promise<{ readonly place: string; readonly bytes: Buffer }[]> {
    const outputs = this.spawned.map(({ pid, output }) => ({ place: `output of ${pid}`, bytes: Buffer.from(output) }));
    const dump = this.mariaDb ? [{ place: 'MariaDB', bytes: Buffer.from(await this.mariaDb.dump(this.schema)) }] : [];
    const folders = [this.folder, ...(this.beanstalkd ? [this.beanstalkd.folder] : [])];
    const files = await Promise.all(folders.map(readAll));
    return [...outputs, ...dump, ...files.flat()];
  }

  /** Opens the database of the service. Returns it with the encryption key. */
  async openDatabase(): Promise<{ readonly database: Database; readonly encryptionKey: Secret }> {
    const path = join(this.folder, 'data');
    const location = this.mariaDb ? this.mariaDb.locate(this.schema) : ({ kind: 'sqlite', path: join(path, 'sync.sqlite') } as const);
    const key = this.env['ENCRYPTION_KEY'] ?? (await readFile(join(path, 'encryption.key'), 'utf8'));
    return { database: await Database.open(location, { clock: systemClock }), encryptionKey: Secret.of(key.trim()) };
  }

  /** Runs a command of the CLI. Returns its exit code and output. */
  async runCommandWithOutput(...args: string[]): Promise<{ exitCode: number | null; output: string }> {
    const command = this.spawn('cli', args);
    const exitCode = await command.waitForExit();
    return { exitCode, output: command.output };
  }

  /** Stops the service, does the work, and starts the service again. Mode `embedded` only. */
  async restart(whileStopped: () => Promise<void>): Promise<void> {
    await this.command.stop();
    await whileStopped();
    this.supervisor = this.spawn('cli', ['start']);
    await eventually('a ready service', () => this.api.isReady(), READY_WITHIN_MS);
  }

  /** Kills a worker with kill -9. In mode `embedded` the supervisor starts another one. */
  async killWorker(): Promise<void> {
    if (!this.supervisor) return this.worker.kill();
    const child = listChildren(this.supervisor.pid).find(({ command }) => command.includes('bundle/worker.js'));
    if (!child) throw new Error('no worker runs');
    process.kill(child.pid, 'SIGKILL');
    await eventually('the end of a killed worker', () => !isAlive(child.pid));
  }

  /** Kills a worker with kill -9 and starts another one. */
  async replaceWorker(): Promise<void> {
    await this.killWorker();
    if (!this.supervisor) await this.startWorker();
  }

  /** Adds a company with an authorised Kommo account. The service does not know its Unisender key yet. */
  async addAccount(): Promise<ServiceAccount> {
    const accountId = 32_000_001 + this.accounts;
    this.accounts += 1;
    const company = { accountId, unisenderKey: `unisender-key-${accountId}-0123456789abcdef` };
    await this.control.post('/kommo/accounts', { id: accountId, name: `Company ${accountId}`, subdomain: `company${accountId}` });
    await this.control.post('/unisender/accounts', { api_key: company.unisenderKey, login: `owner${accountId}@example.org` });
    const account = new ServiceAccount(this.control, this.api, company);
    await account.allow(CLIENT_ID);
    return account;
  }

  /** Stops everything in order. Throws when a process does not exit with 0 or leaves a child process. */
  async stop(): Promise<void> {
    const children = this.supervisor ? listChildren(this.supervisor.pid) : [];
    this.balancer?.close();
    const processes = [this.supervisor, ...this.workers, this.apiProcess, ...this.furtherApis, this.sandbox].filter(
      (each) => each !== undefined,
    );
    const results: PromiseSettledResult<void>[] = [];
    for (const each of processes) results.push(...(await Promise.allSettled([each.stop()])));
    results.push(...(await Promise.allSettled([this.beanstalkd?.stop(), this.mariaDb?.stop()])));
    await rm(this.folder, { recursive: true, force: true });
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    const orphans = children.filter(({ pid }) => isAlive(pid));
    for (const { pid } of orphans) process.kill(pid, 'SIGKILL');
    const problems = [...failures, ...orphans.map(({ command }) => `still running: ${command}`)];
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }
}

/** Listens on a port and gives each connection to the next of the other ports. */
async function startBalancer(port: number, ports: readonly number[]): Promise<Server> {
  let connections = 0;
  const server = createServer((client) => {
    const target = connect(ports[(connections += 1) % ports.length] ?? 0, '127.0.0.1');
    client.on('error', () => target.destroy()).on('close', () => target.destroy());
    target.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

const ownSecrets = /\/data\/(encryption|operator)[\w.-]*$/;

async function readAll(folder: string): Promise<{ place: string; bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const kept = files.filter((file) => !ownSecrets.test(file));
  return Promise.all(kept.map(async (place) => ({ place, bytes: await readFile(place) })));
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly url: string;
  readonly sandboxUrl: string;
}

const baseEnv = ({ folder, port, url, sandboxUrl }: Place): Record<string, string> => ({
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  PORT: String(port),
  PUBLIC_URL: url,
  DATA_DIR: join(folder, 'data'),
  TMPDIR: join(folder, 'tmp'),
  OPERATOR_TOKEN,
  KOMMO_ORIGIN_OVERRIDE: sandboxUrl,
  KOMMO_OAUTH_URL: `${sandboxUrl}/oauth`,
  KOMMO_REQUESTS_PER_SECOND: '100000',
  KOMMO_ACCOUNT_REQUESTS_PER_SECOND: '100000',
  UNISENDER_URL: `${sandboxUrl}/ru/api`,
  UNISENDER_REQUESTS_PER_MINUTE: '1000000',
  UNISENDER_TOTAL_REQUESTS_PER_MINUTE: '1000000',
  UNISENDER_TOTAL_EXPORTS_PER_MINUTE: '1000000',
  UNISENDER_EXPORT_POLL_MS: '50',
  PUBLIC_RATE_LIMIT_PER_MINUTE: '100000',
  SWEEP_SECONDS: '1',
});

function required<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('this mode does not have this part');
  return part;
}
