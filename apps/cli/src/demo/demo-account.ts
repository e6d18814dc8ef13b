import type { Clock } from '#domain';
import { type Comparison, compare, countChanges, isInSync } from './comparison.js';
import type { JsonClient } from './json-client.js';
import { ProgressBar } from './terminal.js';
import type { Company, UnisenderAddress, Vendors } from './vendors.js';

interface RunData {
  readonly run_id: string;
  readonly state: string;
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly error: string | null;
}

interface AccountData {
  readonly list_id: number | null;
  readonly jobs_waiting: number;
}

/** Contacts read and addresses changed, during the import and the changes after it. */
interface Counts {
  read: number;
  created: number;
  updated: number;
  deleted: number;
  rejected: number;
}

/** The result for one company. */
export interface DemoResult {
  readonly company: Company;
  readonly counts: Readonly<Counts>;
  /** The differences. Undefined when the account is in sync. */
  readonly problem: string | undefined;
}

/** What a demo account needs. */
export interface DemoParts {
  readonly service: JsonClient;
  readonly vendors: Vendors;
  readonly clock: Clock;
  readonly output: NodeJS.WriteStream;
}

const POLL_MS = 200;
const SYNC_WITHIN_MS = 60_000;
const endedStates = ['completed', 'failed', 'cancelled', 'waiting_for_confirmation'];

/** The steps of the demo for one company. */
export class DemoAccount {
  private readonly counts: Counts = { read: 0, created: 0, updated: 0, deleted: 0, rejected: 0 };
  private afterImport: ReadonlyMap<string, UnisenderAddress> = new Map();
  private problem: string | undefined;

  constructor(
    private readonly company: Company,
    private readonly parts: DemoParts,
  ) {}

  /** Connects in the browser: consent page, "Allow", redirect to the service. */
  async connectByConsent(): Promise<void> {
    const { service, vendors } = this.parts;
    const consent = new URL(await service.findLocation(`/auth?id=${this.company.accountId}`));
    const redirect = new URL(await vendors.allow(this.company, consent.searchParams.get('state') ?? ''));
    await service.get(`${redirect.pathname}${redirect.search}`);
    this.print('connected in the browser');
  }

  /** Connects by installing the widget: Kommo calls the service. */
  async connectByWidget(): Promise<void> {
    await this.parts.vendors.install(this.company);
    this.print('connected by installing the widget');
  }

  /** Saves the Unisender key, as the widget does, and shows the progress of the import. */
  async importContacts(expected: number): Promise<void> {
    const { service, clock, output } = this.parts;
    const bar = new ProgressBar(output, `${this.company.name}: import`, expected);
    const { data } = await service.post<{ data: { run_id: string } }>('/widget', {
      account_id: this.company.accountId,
      unisender_key: this.company.unisenderKey,
    });
    let run: RunData;
    do {
      await clock.sleep(POLL_MS);
      run = (await service.get<{ data: RunData }>(`/sync/contacts/${data.run_id}`)).data;
      bar.show(run.read);
    } while (!endedStates.includes(run.state));
    bar.end();
    if (run.state !== 'completed') this.problem = `the import ended with the state ${run.state}: ${run.error ?? ''}`;
    for (const counter of ['read', 'created', 'updated', 'deleted', 'rejected'] as const) this.counts[counter] += run[counter];
    this.afterImport = await this.parts.vendors.listAddresses(this.company);
  }

  /** Makes the changes of an ordinary day. */
  async changeContacts(): Promise<void> {
    await this.parts.vendors.changeContacts(this.company);
  }

  /** Waits until Kommo and Unisender are in sync, and counts the changes in Unisender. */
  async finish(): Promise<DemoResult> {
    const { clock, vendors } = this.parts;
    const giveUpAt = clock.nowMs() + SYNC_WITHIN_MS;
    let { account, comparison } = await this.readState();
    while (!(isInSync(comparison) && account.jobs_waiting === 0) && clock.nowMs() < giveUpAt) {
      await clock.sleep(POLL_MS);
      ({ account, comparison } = await this.readState());
    }
    const changes = countChanges(this.afterImport, await vendors.listAddresses(this.company), account.list_id ?? 0);
    for (const counter of ['created', 'updated', 'deleted'] as const) this.counts[counter] += changes[counter];
    if (!isInSync(comparison)) this.problem ??= describe(comparison);
    return { company: this.company, counts: this.counts, problem: this.problem };
  }

  private async readState(): Promise<{ account: AccountData; comparison: Comparison }> {
    const { service, vendors } = this.parts;
    const { data: account } = await service.get<{ data: AccountData }>(`/operations/accounts/${this.company.accountId}`);
    const contacts = await vendors.listContacts(this.company);
    return { account, comparison: compare(contacts, await vendors.listAddresses(this.company), account.list_id ?? 0) };
  }

  private print(text: string): void {
    this.parts.output.write(`${this.company.name}: ${text}\n`);
  }
}

const describe = ({ missing, wrongNames, leftOver }: Comparison): string =>
  `NOT in sync: ${missing.length} missing, ${wrongNames.length} with a wrong name, ${leftOver.length} left over`;
