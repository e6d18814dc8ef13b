import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccountStore, EventStore } from '#database';
import { type Job, Secret, TransientError, parseFormBody } from '#domain';
import {
  AccountSync,
  AuthorizationLinks,
  Installer,
  Integrations,
  KommoInbox,
  RunService,
  type RunView,
  RunWorker,
  TokenRenewal,
  UnisenderInbox,
  WebhookTokens,
  WidgetSettings,
  WriteBack,
} from '#sync';
import { accountForOperator } from './operator-account.js';
import { SandboxControl } from './sandbox-control.js';
import { type Harness, type HarnessOptions, createHarness } from './sync-harness.js';
import { VendorAccount } from './vendor-account.js';

const CLIENT_ID = '0b0123f4-d123-4123-9123-e09f123456ca';
const CLIENT_SECRET = 'planted-client-secret-0123456789abcdef';

/** Receives hooks like the API, but without guards and limits. Other tests cover those. */
class HookReceiver {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async listen(findHarness: () => Harness): Promise<HookReceiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        deliver(findHarness(), request.url ?? '', Buffer.concat(chunks)).then(
          () => response.writeHead(200).end(),
          () => response.writeHead(503).end(),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new HookReceiver(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function deliver(harness: Harness, path: string, body: Buffer): Promise<void> {
  const [, , kommoToken] = /^\/(webhook)\/(.+)$/.exec(path) ?? [];
  const [, unisenderToken] = /^\/unisender\/webhook\/(.+)$/.exec(path) ?? [];
  const account = await harness.get(WebhookTokens).findAccount(kommoToken ?? unisenderToken ?? '', kommoToken ? 'kommo' : 'unisender');
  if (!account || body.length === 0) return;
  if (kommoToken) await harness.get(KommoInbox).receive(account.accountId, parseFormBody(body));
  else await harness.get(UnisenderInbox).receive(account.accountId, body);
}

/** An account of a SyncWorld. */
export class SyncedAccount extends VendorAccount {
  constructor(
    private readonly world: SyncWorld,
    accountId: number,
    unisenderKey: string,
  ) {
    super(world.control, accountId, unisenderKey);
  }

  /** The same account with another Unisender key. */
  withKey(unisenderKey: string): SyncedAccount {
    return new SyncedAccount(this.world, this.accountId, unisenderKey);
  }

  /** Saves the key, which starts an import. Returns the id of its run. */
  async saveKey(settings?: Readonly<Record<string, unknown>>): Promise<string> {
    const { run } = await this.world.harness.get(WidgetSettings).saveKey({
      account: accountForOperator(this.accountId),
      unisenderKey: Secret.of(this.unisenderKey),
      ...(settings ? { settings } : {}),
    });
    return run.run_id;
  }

  /** Saves the key and does all work, so the import ends. */
  async connect(settings?: Readonly<Record<string, unknown>>): Promise<RunView> {
    const runId = await this.saveKey(settings);
    await this.world.work();
    return this.world.getRun(runId);
  }

  /** Starts a run and does all work. */
  async run(mode: 'import' | 'reconcile' | 'preview'): Promise<RunView> {
    const run = await this.world.harness.get(RunService).start({ accountId: this.accountId, mode, trigger: 'operator' });
    await this.world.work();
    return this.world.getRun(run.run_id);
  }

  /** Confirms the removals that wait for it, and does all work. */
  async confirmRemovals(): Promise<void> {
    const service = this.world.harness.get(RunService);
    const waiting = (await service.list(this.accountId)).find(({ state }) => state === 'waiting_for_confirmation');
    if (waiting) await service.confirm(waiting.run_id);
    await this.world.work();
  }

  /** Changes the title of the list and does all work, so the import ends. */
  async retitle(title: string): Promise<RunView> {
    return this.connect({ list_title: title });
  }

  async listId(): Promise<number> {
    return (await this.world.harness.get(AccountStore).find(this.accountId))?.listId ?? 0;
  }

  /** The addresses on the account's list, with their names. */
  async onList(): Promise<Record<string, string>> {
    const listId = await this.listId();
    const held = [...(await this.held()).values()].filter(({ lists }) => lists.some(({ id }) => id === listId));
    return Object.fromEntries(held.map(({ email, fields }) => [email, fields['Name'] ?? '']));
  }
}

const MAX_JOBS = 10_000;
/** After this time without events, an account is pushed at once. */
const QUIET_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;

/** A sandbox, a database and the use cases in this process, with any number of accounts. */
export class SyncWorld {
  private readonly accountIds: number[] = [];

  private constructor(
    readonly control: SandboxControl,
    readonly harness: Harness,
    private readonly receiver: HookReceiver,
  ) {}

  static async open(
    options: Pick<HarnessOptions, 'database' | 'sandbox' | 'config' | 'clock' | 'databaseClock' | 'limiter'>,
  ): Promise<SyncWorld> {
    const control = new SandboxControl(options.sandbox.url);
    await control.reset();
    await control.set({
      'kommo.hook_hold': true,
      'unisender.export_per_minute': 0,
      'unisender.export_seconds': 0,
      'unisender.hook_hold': true,
    });
    await control.post('/kommo/integrations', {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uri: 'https://sync.example.org/auth',
    });
    let harness: Harness | undefined;
    const receiver = await HookReceiver.listen(() => {
      if (!harness) throw new Error('a hook arrived before the harness was ready');
      return harness;
    });
    harness = await createHarness({ ...options, config: { publicUrl: receiver.url, unisenderExportPollMs: 10, ...options.config } });
    await harness.get(Integrations).save({
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      redirectUri: 'https://sync.example.org/auth',
    });
    return new SyncWorld(control, harness, receiver);
  }

  async close(): Promise<void> {
    await this.receiver.close();
  }

  /** Adds an authorised account without a Unisender key. */
  async addAccount(accountId = 32_000_001 + this.accountIds.length): Promise<SyncedAccount> {
    this.accountIds.push(accountId);
    const unisenderKey = `unisender-key-${accountId}-0123456789abcdef`;
    await this.control.post('/kommo/accounts', { id: accountId, name: `Company ${accountId}`, subdomain: `company${accountId}` });
    await this.control.post('/unisender/accounts', { api_key: unisenderKey, login: `owner${accountId}@example.org` });
    const links = this.harness.get(AuthorizationLinks);
    const installer = this.harness.get(Installer);
    const { state } = await links.create({ accountId, clientId: CLIENT_ID });
    const { redirect } = await this.control.post<{ redirect: string }>(`/kommo/accounts/${accountId}/consent`, {
      client_id: CLIENT_ID,
      state,
    });
    const query = new URL(redirect).searchParams;
    const read = (name: string) => query.get(name) ?? undefined;
    await installer.finishAuthorization({
      code: read('code'),
      referer: read('referer'),
      clientId: read('client_id'),
      state: read('state'),
    });
    return new SyncedAccount(this, accountId, unisenderKey);
  }

  async getRun(runId: string): Promise<RunView> {
    return this.harness.get(RunService).get(runId);
  }

  /** Delivers the hooks that Kommo and Unisender hold, then does all work, also that of events which wait for Kommo's next response. */
  async settle(): Promise<void> {
    await this.control.post('/kommo/hooks/flush');
    await this.control.post('/unisender/hooks/flush');
    this.harness.clock.advance(QUIET_MS);
    await this.work();
    for (;;) {
      const dueAt = await this.findNextDue();
      if (dueAt === undefined) return;
      this.harness.clock.advance(Math.max(0, dueAt - this.harness.clock.nowMs()) + 1);
      await this.work();
    }
  }

  /** When the first deferred event is due; undefined without one within ten minutes: Kommo refuses the contacts of the others. */
  private async findNextDue(): Promise<number | undefined> {
    const events = this.harness.get(EventStore);
    const due = await Promise.all(this.accountIds.map(async (accountId) => (await events.findNextDue(accountId)) ?? Infinity));
    const first = Math.min(...due);
    return first - this.harness.clock.nowMs() < LONGEST_WAIT_MS ? first : undefined;
  }

  /** Delivers the hooks that Unisender holds, then does all work. */
  async settleUnisender(): Promise<void> {
    await this.control.post('/unisender/hooks/flush');
    await this.work();
  }

  /** Drops the waiting hooks of Unisender. */
  async loseUnisenderHooks(): Promise<void> {
    await this.control.post('/unisender/hooks/drop');
  }

  /** Drops the waiting hooks of Kommo. */
  async loseHooks(): Promise<void> {
    await this.control.post('/kommo/hooks/drop');
  }

  /** Runs jobs and processes waiting events until nothing is left, like a worker with a queue. */
  async work(): Promise<void> {
    const { jobs } = this.harness;
    for (let done = 0; done < MAX_JOBS; done += 1) {
      const job = jobs.shift();
      if (job) await this.runJob(job);
      else if (!(await this.enqueueWaitingAccount())) return;
    }
    throw new Error(`more than ${MAX_JOBS} jobs: the work does not end`);
  }

  private async enqueueWaitingAccount(): Promise<boolean> {
    const { clock } = this.harness;
    const [withEvents] = await this.harness.get(EventStore).listAccountsWaiting(clock.nowMs() + 1_000, 1);
    const [withDueWork] = await this.harness.get(AccountStore).listWorkDue(clock.nowMs(), 1);
    const waiting = withEvents ?? withDueWork;
    if (waiting !== undefined) this.harness.jobs.push({ tube: 'contacts', payload: { account_id: waiting } });
    return waiting !== undefined;
  }

  private async runJob(job: Job): Promise<void> {
    const { harness } = this;
    const { signal } = new AbortController();
    try {
      if (job.tube === 'contacts') await harness.get(AccountSync).processEvents(job.payload.account_id, signal);
      else if (job.tube === 'imports') await harness.get(RunWorker).continueRun(job.payload.run_id, signal);
      else if (job.tube === 'write-backs') await harness.get(WriteBack).run(job.payload.account_id, signal);
      else if (job.tube === 'accesses') await harness.get(TokenRenewal).renew(job.payload.account_ids, job.payload.asked_at);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      this.harness.clock.advance(error.retryAfterMs ?? 1_000);
      this.harness.jobs.push(job);
    }
  }
}
