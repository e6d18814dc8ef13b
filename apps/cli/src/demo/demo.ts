import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '#clock';
import { childEnvironment, loadConfig, onStopSignals } from '#config';
import { BugError, InvalidInputError, TransientError } from '#domain';
import { startService } from '../commands/start.command.js';
import { waitForExit, spawnProgram } from '../supervisor/child.js';
import { findFreePort, isFreePort } from '../supervisor/free-port.js';
import { Supervisor } from '../supervisor/supervisor.js';
import { DemoAccount, type DemoResult } from './demo-account.js';
import { JsonClient } from './json-client.js';
import { renderTable } from './terminal.js';
import { Vendors, companies, integration } from './vendors.js';

const CONTACTS_EACH = 1_000;
const READY_WITHIN_MS = 30_000;
const OPERATOR_TOKEN = 'demo-operator-token-0123456789abcdef0123456789';

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Where the service of the demo listens. */
interface DemoPlace {
  readonly host: string;
  /** Undefined: PORT of the environment, else 8080, or a free port when 8080 is in use. */
  readonly port: number | undefined;
}

interface RunningDemo {
  readonly url: string;
  /** Where the emulated vendors listen. */
  readonly sandboxUrl: string;
  readonly vendors: Vendors;
  close(): Promise<void>;
}

async function startSandbox(): Promise<{ origin: string; close: () => Promise<void> }> {
  const child = spawnProgram({ name: 'sandbox', args: ['--port', '0'], isBare: true }, { output: 'pipe' });
  if (!child.stdout) throw new BugError('the sandbox has no standard output', { code: 'demo_sandbox' });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const close = async () => {
    child.kill('SIGTERM');
    await waitForExit(child);
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}

async function waitUntilReady(service: JsonClient): Promise<void> {
  const giveUpAt = systemClock.nowMs() + READY_WITHIN_MS;
  while (!(await service.isOk('/health/ready'))) {
    if (systemClock.nowMs() > giveUpAt) throw new TransientError('the service is not ready in time', { code: 'demo_not_ready' });
    await systemClock.sleep(100);
  }
}

/**
 * Chooses the port of the service. The file .env belongs to the real service, so its PORT does not count. Throws InvalidInputError
 * `bad_configuration` when a port that was asked for is in use.
 */
async function choosePort(asked: number | undefined): Promise<number> {
  const { PORT } = childEnvironment();
  const { port } = loadConfig(PORT === undefined ? {} : { PORT });
  const chosen = asked ?? port;
  if (chosen === 0) return findFreePort();
  if (await isFreePort(chosen)) return chosen;
  if (asked === undefined && PORT === undefined) {
    const other = await findFreePort();
    print(`Port ${chosen} is in use, so the demo listens on port ${other}.`);
    return other;
  }
  const problem = 'is in use by another process: stop it, or choose another port, as in PORT=8085 npm run demo';
  throw new InvalidInputError(`PORT ${chosen} ${problem}`, { code: 'bad_configuration', fields: [{ field: 'PORT', problem }] });
}

/** Starts the emulated vendors and the service in separate processes. `close` stops them and removes their folder. */
async function startAll({ host, port: askedPort }: DemoPlace): Promise<RunningDemo> {
  const port = await choosePort(askedPort);
  const url = `http://127.0.0.1:${port}`;
  print(`Starting the emulated Kommo and Unisender, and the service on ${url} with a temporary queue and database …`);
  const dataDir = await mkdtemp(join(tmpdir(), 'sync-demo-'));
  const sandbox = await startSandbox();
  const env = {
    HOST: host,
    PORT: String(port),
    PUBLIC_URL: url,
    DATA_DIR: dataDir,
    DATABASE_URL: `sqlite:${join(dataDir, 'sync.sqlite')}`,
    BEANSTALK_URL: 'embedded',
    OPERATOR_TOKEN,
    KOMMO_ORIGIN_OVERRIDE: sandbox.origin,
    KOMMO_OAUTH_URL: `${sandbox.origin}/oauth`,
    UNISENDER_URL: `${sandbox.origin}/ru/api`,
    UNISENDER_EXPORT_POLL_MS: '250',
    LOGS_FOLDER_PATH: join(dataDir, 'logs'),
    NODE_ENV: 'development',
  };
  const supervisor = new Supervisor({ clock: systemClock, print: () => {}, env, output: 'ignore' });
  const close = async () => {
    await supervisor.stop();
    await sandbox.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const failed = supervisor.failed.then((code): never => {
      throw new BugError(`a process of the demonstration ended with code ${code}`, { code: 'unexpected' });
    });
    await Promise.race([startService(loadConfig(childEnvironment(env)), supervisor), failed]);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, sandboxUrl: sandbox.origin, vendors: new Vendors(new JsonClient(sandbox.origin)), close };
}

function showResults(results: readonly DemoResult[]): void {
  const rows = results.map(({ company, counts, problem }) => [
    company.name,
    ...[counts.read, counts.created, counts.updated, counts.deleted, counts.rejected],
    problem ?? 'in sync',
  ]);
  print('');
  print(renderTable(['account', 'read', 'created', 'updated', 'deleted', 'rejected', 'result'], rows));
}

async function runDemo({ url, vendors }: RunningDemo): Promise<boolean> {
  const service = new JsonClient(url, { authorization: `Bearer ${OPERATOR_TOKEN}` });
  await waitUntilReady(service);
  await vendors.seed(`${url}/auth`, CONTACTS_EACH);
  const { clientId, clientSecret } = integration;
  await service.post('/integration', { client_id: clientId, client_secret: clientSecret, redirect_uri: `${url}/auth` });
  const accounts = companies.map((company) => new DemoAccount(company, { service, vendors, clock: systemClock, output: process.stdout }));
  const [first, ...others] = accounts;
  await first?.connectByConsent();
  for (const account of others) await account.connectByWidget();
  for (const account of accounts) await account.importContacts(CONTACTS_EACH);
  print('Changing, deleting, restoring and unsubscribing contacts …');
  for (const account of accounts) await account.changeContacts();
  const results: DemoResult[] = [];
  for (const account of accounts) results.push(await account.finish());
  showResults(results);
  return results.every(({ problem }) => problem === undefined);
}

/**
 * Demonstrates the service with two emulated accounts. Returns the exit code. With `once` it is 0 when both are in sync and 1
 * when not or when interrupted. Without `once` the service runs until a signal.
 */
export async function demo({ once: isOnce, ...place }: DemoPlace & { readonly once: boolean }): Promise<number> {
  const interrupted = new Promise<number>((resolve) =>
    onStopSignals(
      systemClock,
      () => resolve(isOnce ? 1 : 0),
      () => process.exit(1),
    ),
  );
  const running = await startAll(place);
  try {
    const finished = runDemo(running).then((isGood) => (isGood ? 0 : 1));
    const code = await Promise.race([finished, interrupted]);
    if (isOnce) return code;
    print(`\nThe service runs until Ctrl-C. The console: ${running.url}/console/`);
    print(`  Sign in with the operator token: ${OPERATOR_TOKEN}`);
    print('Example of a request:');
    print(`  curl -H 'Authorization: Bearer ${OPERATOR_TOKEN}' ${running.url}/accounts`);
    print('Create a contact in the emulated Kommo, and follow it in the console (more in apps/sandbox/README.md):');
    const contacts = `${running.sandboxUrl}/sandbox/kommo/accounts/${companies[0]?.accountId}/contacts`;
    print(`  curl ${contacts} -H 'Content-Type: application/json' -d '{"name":"New","emails":["new@example.com"]}'`);
    return await interrupted;
  } finally {
    await running.close();
  }
}
