import { AccountStore, type Database } from '#database';
import { type AccountSettings, Secret } from '#domain';
import { AccountQueries, AuthorizationLinks, Installer, Integrations, RunService, WidgetSettings } from '#sync';
import { seededRandom } from '../../apps/sandbox/src/random.js';
import type { UnisenderAccount } from '../../apps/sandbox/src/unisender/account.js';
import { accountForOperator } from '../support/operator-account.js';
import { BEFORE, type Company, NAMES, extraAddress, isHeld, textOfAddress, toKommoValue } from './company.js';
import type { History } from './history.js';
import { type AcceptedEvent, Oracle } from './oracle.js';
import { type ActionOutcome, SimulatedService } from './simulated-service.js';
import { SimulatedTime } from './simulated-time.js';
import { SimulatedVendors } from './simulated-vendors.js';

const START_MS = Date.UTC(2026, 0, 5, 9);
const FIRST_ACCOUNT = 32_000_001;
const FIRST_LIST = 20_600_000;
const CLIENT_ID = '0b0123f4-d123-4123-9123-e09f123456ca';
const CLIENT_SECRET = 'simulated-client-secret-0123456789abcdef';
const REDIRECT_URI = 'https://sync.example.org/auth';
const ACTION_MS = 20_000;
/** People wait longer where the network is slow. */
const SLOW_CALLS = 5;

/** What the operator sees of an account. */
export type AccountDetails = NonNullable<Awaited<ReturnType<AccountQueries['find']>>>;

/** The database that one run of the simulation uses for all its histories. Its clock is the world's. */
export interface SharedDatabase {
  readonly database: Database;
  /** Sets the source of the database's time. */
  useClock(nowMs: () => number): void;
  /** Deletes all rows. */
  clear(): Promise<void>;
}

/** The whole world of one history: both vendors, the service, and time. */
export class World {
  readonly time = new SimulatedTime(START_MS);
  readonly oracle = new Oracle(() => this.time.nowMs());
  readonly companies: Company[] = [];
  readonly vendors: SimulatedVendors;
  readonly service: SimulatedService;
  readonly random: () => number;
  /** Failed actions of people, for the report. */
  readonly notes: string[] = [];
  private keys = 0;

  private constructor(
    readonly history: History,
    shared: SharedDatabase,
    log: ((line: string) => void) | undefined,
  ) {
    this.random = seededRandom(history.seed ^ 0x5f3759df);
    shared.useClock(() => this.time.nowMs());
    const stampedLog = log && ((line: string) => log(`${this.stamp()} ${line}`));
    this.vendors = new SimulatedVendors({
      log: stampedLog,
      time: this.time,
      seed: history.seed,
      send: (call) => this.service.deliver(call),
      oracle: this.oracle,
      ownerOfTitle: (title) => this.companies.find(({ accountId }) => title.endsWith(String(accountId)))?.accountId,
    });
    this.service = new SimulatedService({
      time: this.time,
      database: shared.database,
      random: this.random,
      skewsMs: history.circumstances.skewsMs,
      request: (request) => this.vendors.network.request(request),
      onAccepted: (accountId, path, body) => this.noteAccepted(accountId, path, body),
      onDeath: () => this.oracle.noteDeath(),
      onRun: (accountId) => this.oracle.noteRun(accountId),
      log: stampedLog,
    });
    this.oracle.showsTimes = () => this.vendors.sandbox.switches.get('unisender.added_at') === 'present';
    this.oracle.wantedBy = (accountId, email) => {
      const company = this.companies.find((each) => each.accountId === accountId);
      return company && isHeld(company, email) ? 'keep' : 'drop';
    };
  }

  /** Connects all accounts of the history. */
  static async open(history: History, shared: SharedDatabase, log?: (line: string) => void): Promise<World> {
    await shared.clear();
    const world = new World(history, shared, log);
    await world.setUp();
    const { latencyMs } = history.circumstances;
    if (latencyMs > 0) world.vendors.network.useLatency(() => world.drawLatency(latencyMs));
    return world;
  }

  /** Ends the world. */
  close(): void {
    this.service.stop();
    this.vendors.sandbox.close();
  }

  /** The time for people. */
  stamp(): string {
    return new Date(this.time.nowMs()).toISOString().slice(5, 23);
  }

  /** The company that a step names. */
  company(place = 0): Company {
    const company = this.companies[place % this.companies.length];
    if (!company) throw new Error('there is no company');
    return company;
  }

  /** Calls the control API of the emulators. */
  async control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    return this.vendors.control<T>(method, path, body);
  }

  /** An action of a person on the service: the person waits some seconds for its end, and does not repeat it. */
  async act(name: string, action: Parameters<SimulatedService['act']>[0]): Promise<ActionOutcome | undefined> {
    let outcome: ActionOutcome | undefined;
    void this.service.act(action).then((ended) => {
      outcome = ended;
    });
    for (let waitedMs = 0; !outcome && waitedMs < ACTION_MS + SLOW_CALLS * this.history.circumstances.latencyMs; waitedMs += 1_000)
      await this.time.pass(1_000);
    if (outcome?.kind !== 'done') this.notes.push(`${this.stamp()} ${name}: ${outcome ? JSON.stringify(outcome) : 'no response'}`);
    return outcome;
  }

  /** The administrator saves the present Unisender key and settings. */
  async saveKey(company: Company, settings?: Readonly<Record<string, unknown>>): Promise<ActionOutcome | undefined> {
    const { accountId, unisender } = company;
    const isKeyNew = company.savedKey !== undefined && company.savedKey !== unisender.apiKey;
    const isForgotten = isKeyNew && !(await this.isRecognised(company));
    const account = accountForOperator(accountId);
    const unisenderKey = Secret.of(unisender.apiKey);
    this.oracle.noteSaving(accountId);
    const outcome = await this.act('save key', (process) =>
      process.get(WidgetSettings).saveKey({ account, unisenderKey, ...(settings && { settings }) }),
    );
    if (outcome?.kind === 'done') company.savedKey = unisender.apiKey;
    if (isForgotten) this.oracle.forget(accountId, unisender);
    this.oracle.noteSaved(accountId);
    return outcome;
  }

  private async isRecognised(company: Company): Promise<boolean> {
    const { list_id: id = null, list_title: title = null } = (await this.findDetails(company)) ?? {};
    return this.oracle.isRecognised(company.accountId, company.unisender, { id, title });
  }

  /** What the operator sees of an account. */
  async findDetails({ accountId }: Company): Promise<AccountDetails | undefined> {
    return this.read((process) => process.get(AccountQueries).find(accountId));
  }

  /** The settings that are saved. */
  async readSettings(company: Company): Promise<AccountSettings> {
    const settings = await this.findSettings(company);
    if (!settings) throw new Error(`account ${company.accountId} is not stored`);
    return settings;
  }

  /** The settings that are saved; undefined when no process could read them. */
  async findSettings({ accountId }: Company): Promise<AccountSettings | undefined> {
    return (await this.read((process) => process.get(AccountStore).find(accountId)))?.settings;
  }

  /** Confirms a run that waits. Returns false when none does. */
  async confirm(company: Company): Promise<boolean> {
    const runs = await this.read((process) => process.get(RunService).list(company.accountId));
    const run = runs?.find(({ state }) => state === 'waiting_for_confirmation');
    if (!run) return false;
    this.oracle.noteConfirmation(company.accountId, run.planned_removals, run.samples);
    await this.act('confirm', (process) => process.get(RunService).confirm(run.run_id));
    return true;
  }

  /** Makes a key of its own for another Unisender account, or for a new key of the same. */
  nextKey(): string {
    this.keys += 1;
    return `unisender-key-${this.keys}-0123456789abcdef`;
  }

  /** Creates a Unisender account. */
  async createUnisender(): Promise<UnisenderAccount> {
    const key = this.nextKey();
    await this.control('POST', '/unisender/accounts', { api_key: key, login: `owner${this.keys}@example.org` });
    const account = this.vendors.sandbox.unisender.accounts.get(key);
    if (!account) throw new Error('the Unisender account was not created');
    // Unisender numbers the lists of all accounts in one sequence.
    await this.control('POST', `/unisender/accounts/${key}/lists`, { title: 'Marketer', id: FIRST_LIST + this.keys * 1_000 });
    return account;
  }

  /** Allows the service to use the Kommo account, as an administrator does in the browser. */
  async authorise({ accountId }: Company): Promise<void> {
    await this.act('authorise', async (process) => {
      const { state } = await process.get(AuthorizationLinks).create({ accountId, clientId: CLIENT_ID });
      const path = `/kommo/accounts/${accountId}/consent`;
      const { redirect } = await this.control<{ redirect: string }>('POST', path, { client_id: CLIENT_ID, state });
      const query = new URL(redirect).searchParams;
      const read = (name: string) => query.get(name) ?? undefined;
      const callback = { code: read('code'), referer: read('referer'), clientId: read('client_id'), state: read('state') };
      await process.get(Installer).finishAuthorization(callback);
    });
  }

  /** Most calls are much faster than the slowest. */
  private drawLatency(longestMs: number): number {
    const part = this.random() < 0.7 ? 0.05 : 0.5;
    return 1 + Math.floor(this.random() * longestMs * part);
  }

  /** Reads something as the operator sees it; undefined when no process could read it. */
  async read<T>(action: (process: Parameters<Parameters<SimulatedService['act']>[0]>[0]) => Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    await this.act('read', async (process) => {
      result = await action(process);
    });
    return result;
  }

  private async setUp(): Promise<void> {
    const { circumstances } = this.history;
    await this.service.start();
    await this.control('POST', '/switches', {
      'kommo.requests_per_second': 0,
      'unisender.requests_per_minute': 0,
      'unisender.hook_probe': 'off',
      'kommo.hook_hold': true,
      'unisender.hook_hold': true,
      'unisender.export_per_minute': 0,
      ...circumstances.switches,
    });
    const integration = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uri: REDIRECT_URI };
    await this.control('POST', '/kommo/integrations', integration);
    await this.act('integration', (process) =>
      process.get(Integrations).save({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI }),
    );
    for (let place = 0; place < circumstances.accounts; place += 1) await this.addCompany(place);
    await this.service.pass(60_000);
  }

  private async addCompany(place: number): Promise<void> {
    const accountId = FIRST_ACCOUNT + place;
    await this.control('POST', '/kommo/accounts', { id: accountId, name: `Company ${accountId}`, subdomain: `company${accountId}` });
    const shared = this.history.circumstances.isKeyShared ? this.companies[0]?.unisender : undefined;
    const unisender = shared ?? (await this.createUnisender());
    const company: Company = {
      accountId,
      kommo: this.vendors.kommoAccount(accountId),
      unisender,
      contactIds: [],
      added: new Map(),
      erased: new Set(),
    };
    this.companies.push(company);
    this.oracle.addClient(accountId, unisender);
    await (shared ? this.refuseBefore(company) : this.addPreexisting(company));
    for (let index = 0; index < this.history.circumstances.contacts; index += 1) {
      const emails = [toKommoValue(index < 3 ? textOfAddress(index) : extraAddress(index))];
      const { ids } = await this.control<{ ids: number[] }>('POST', `/kommo/accounts/${accountId}/contacts`, {
        name: NAMES[index % NAMES.length],
        emails,
        tags: ['VIP'],
      });
      company.contactIds.push(...ids);
    }
    await this.authorise(company);
    const saved = await this.saveKey(company);
    if (saved?.kind !== 'done') throw new Error(`the account was not connected: ${this.notes.join('; ')}`);
  }

  private async addPreexisting({ unisender }: Company): Promise<void> {
    const path = `/unisender/accounts/${unisender.apiKey}`;
    await this.control('POST', `${path}/contacts`, { email: BEFORE.active, fields: { Name: 'Old' } });
    await this.control('POST', `${path}/contacts`, { email: BEFORE.unsubscribed, status: 'unsubscribed' });
    for (const email of Object.values(BEFORE)) this.oracle.noteOthers(unisender, email, [], true);
    this.refuseBefore({ unisender });
  }

  private refuseBefore({ unisender }: Pick<Company, 'unisender'>): void {
    this.oracle.refuse(unisender, BEFORE.unsubscribed, { isGlobal: true, listIds: [] });
  }

  private noteAccepted(accountId: number, path: string, body: string): void {
    if (!path.startsWith('/unisender/')) return;
    const namesLists = (this.vendors.sandbox.switches.get('unisender.event_list_ids') as string) !== 'absent';
    for (const { name, email, leftListIds = [] } of readEvents(body)) {
      this.oracle.noteEvent(accountId, { name, email, leftListIds: namesLists && leftListIds.length > 0 ? leftListIds : undefined });
    }
  }
}

interface EventBody {
  readonly event_name?: string;
  readonly email?: string;
  readonly unsubscribed_list_ids?: readonly number[];
  readonly events_by_user?: readonly {
    readonly events: readonly {
      readonly event_name: string;
      readonly event_data: { readonly email: string; readonly just_unsubscribed_list_ids?: readonly number[] };
    }[];
  }[];
}

function readEvents(body: string): AcceptedEvent[] {
  const { event_name: single, email = '', unsubscribed_list_ids, events_by_user = [] } = JSON.parse(body) as EventBody;
  if (single !== undefined) return [{ name: single, email, leftListIds: unsubscribed_list_ids }];
  return events_by_user.flatMap(({ events }) =>
    events.map(({ event_name, event_data }) => ({
      name: event_name,
      email: event_data.email,
      leftListIds: event_data.just_unsubscribed_list_ids,
    })),
  );
}
