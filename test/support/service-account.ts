import { eventually } from './built-process.js';
import type { OperatorClient } from './operator-client.js';
import type { SandboxControl } from './sandbox-control.js';
import { VendorAccount } from './vendor-account.js';

/** A run as the API returns it. */
export interface RunData {
  readonly run_id: string;
  readonly state: string;
  readonly page: number;
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly error: string | null;
}

/** An account as the API returns it. */
export interface AccountData {
  readonly status: string;
  readonly list_id: number | null;
  readonly events_waiting: number;
  readonly jobs_waiting: number;
  readonly active_run_id: string | null;
}

interface HookDelivery {
  readonly state: string;
  readonly attempts: readonly { readonly status: number | null }[];
}

const endedStates = ['completed', 'failed', 'cancelled', 'waiting_for_confirmation'];
const RUN_WITHIN_MS = 240_000;

/** A company whose accounts are connected by a running service. */
export class ServiceAccount extends VendorAccount {
  constructor(
    control: SandboxControl,
    private readonly api: OperatorClient,
    company: { readonly accountId: number; readonly unisenderKey: string },
  ) {
    super(control, company.accountId, company.unisenderKey);
  }

  /** The administrator allows access in the browser: consent page, "Allow", redirect to the service. */
  async allow(clientId: string): Promise<void> {
    const consent = new URL(await this.api.location(`/auth?id=${this.accountId}`));
    const { redirect } = await this.control.post<{ redirect: string }>(`/kommo/accounts/${this.accountId}/consent`, {
      client_id: clientId,
      state: consent.searchParams.get('state'),
    });
    const { pathname, search } = new URL(redirect);
    await this.api.send('GET', pathname + search);
  }

  /** Saves the Unisender key and settings, as the widget does. Returns the id of the import. */
  async saveKey(settings?: Readonly<Record<string, unknown>>): Promise<string> {
    const key = { account_id: this.accountId, unisender_key: this.unisenderKey };
    return (await this.api.send<RunData>('POST', '/widget', settings ? { ...key, settings } : key)).run_id;
  }

  /** Saves the key and waits for the end of the import. */
  async connect(settings?: Readonly<Record<string, unknown>>): Promise<RunData> {
    return this.untilEnded(await this.saveKey(settings));
  }

  /** Changes the title of the list and waits for the end of the import. */
  async retitle(title: string): Promise<RunData> {
    return this.connect({ list_title: title });
  }

  /** The run as the API returns it. */
  async getRun(runId: string): Promise<RunData> {
    return this.api.send<RunData>('GET', `/sync/contacts/${runId}`);
  }

  /** Starts a run. Returns its id. */
  async startRun(mode: 'import' | 'reconcile'): Promise<string> {
    return (await this.api.send<RunData>('POST', '/sync/contacts', { id: this.accountId, mode })).run_id;
  }

  /** Waits for the end of a run. */
  async untilEnded(runId: string): Promise<RunData> {
    const ended = async () => {
      const run = await this.getRun(runId);
      return endedStates.includes(run.state) && run;
    };
    return eventually(`the end of run ${runId}`, ended, RUN_WITHIN_MS);
  }

  /** Starts a run and waits for its end. */
  async run(mode: 'import' | 'reconcile'): Promise<RunData> {
    return this.untilEnded(await this.startRun(mode));
  }

  /** Confirms the removals that wait for it, and waits for the end of that run. */
  async confirmRemovals(): Promise<void> {
    const { runs } = await this.api.send<{ runs: RunData[] }>('GET', `/sync/runs?id=${this.accountId}`);
    const waiting = runs.find(({ state }) => state === 'waiting_for_confirmation');
    if (!waiting) return;
    await this.api.send('POST', `/sync/contacts/${waiting.run_id}/confirm`);
    await this.untilEnded(waiting.run_id);
  }

  /** The account as the API returns it. */
  async getAccount(): Promise<AccountData> {
    return this.api.send<AccountData>('GET', `/operations/accounts/${this.accountId}`);
  }

  /** The id of the account's list; 0 without a list. */
  async listId(): Promise<number> {
    return (await this.getAccount()).list_id ?? 0;
  }

  /** The deliveries of Kommo's hooks, oldest first. */
  async hooks(): Promise<HookDelivery[]> {
    return this.control.get<HookDelivery[]>(`/kommo/hooks?account_id=${this.accountId}`);
  }

  /** Waits until every hook is delivered. */
  async untilDelivered(): Promise<void> {
    await eventually('the delivery of every hook', async () => (await this.hooks()).every(({ state }) => state === 'delivered'));
  }

  /** Waits until nothing is left to apply or to push. */
  async untilQuiet(withinMs?: number): Promise<void> {
    await eventually(`no waiting work in account ${this.accountId}`, async () => (await this.getAccount()).jobs_waiting === 0, withinMs);
  }

  /** The addresses on the account's list, with their names. */
  async onList(): Promise<Map<string, string>> {
    const listId = await this.listId();
    const held = [...(await this.held()).values()].filter(({ lists }) => lists.some(({ id }) => id === listId));
    return new Map(held.map(({ email, fields }) => [email, fields['Name'] ?? '']));
  }
}
