import { eventually } from './built-process.js';
import type { OperatorClient } from './operator-client.js';
import type { SandboxControl } from './sandbox-control.js';
import { VendorAccount } from './vendor-account.js';

/** A run as the API shows it. */
export interface ShownRun {
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

/** An account as the operator sees it. */
export interface ShownAccount {
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
const RUN_WITHIN_MS = 120_000;

/** A company whose accounts are connected through a running service. */
export class ServiceAccount extends VendorAccount {
  constructor(
    control: SandboxControl,
    private readonly api: OperatorClient,
    company: { readonly accountId: number; readonly unisenderKey: string },
  ) {
    super(control, company.accountId, company.unisenderKey);
  }

  /** The administrator allows access in the browser: consent page, "allow", back to the service. */
  async allow(clientId: string): Promise<void> {
    const consent = new URL(await this.api.location(`/auth?id=${this.accountId}`));
    const { redirect } = await this.control.post<{ redirect: string }>(`/kommo/accounts/${this.accountId}/consent`, {
      client_id: clientId,
      state: consent.searchParams.get('state'),
    });
    const { pathname, search } = new URL(redirect);
    await this.api.send('GET', pathname + search);
  }

  /** Saves the Unisender key and settings, as the widget does; gives the import's id. */
  async saveKey(settings?: Readonly<Record<string, unknown>>): Promise<string> {
    const key = { account_id: this.accountId, unisender_key: this.unisenderKey };
    return (await this.api.send<ShownRun>('POST', '/widget', settings ? { ...key, settings } : key)).run_id;
  }

  /** Saves the key and waits until the import has ended. */
  async connect(settings?: Readonly<Record<string, unknown>>): Promise<ShownRun> {
    return this.untilEnded(await this.saveKey(settings));
  }

  /** Saves another title for the list and waits until the import has ended. */
  async retitle(title: string): Promise<ShownRun> {
    return this.connect({ list_title: title });
  }

  async getRun(runId: string): Promise<ShownRun> {
    return this.api.send<ShownRun>('GET', `/sync/contacts/${runId}`);
  }

  async startRun(mode: 'import' | 'reconcile'): Promise<string> {
    return (await this.api.send<ShownRun>('POST', '/sync/contacts', { id: this.accountId, mode })).run_id;
  }

  async untilEnded(runId: string): Promise<ShownRun> {
    const ended = async () => {
      const run = await this.getRun(runId);
      return endedStates.includes(run.state) && run;
    };
    return eventually(`the end of run ${runId}`, ended, RUN_WITHIN_MS);
  }

  async run(mode: 'import' | 'reconcile'): Promise<ShownRun> {
    return this.untilEnded(await this.startRun(mode));
  }

  async shown(): Promise<ShownAccount> {
    return this.api.send<ShownAccount>('GET', `/operations/accounts/${this.accountId}`);
  }

  async listId(): Promise<number> {
    return (await this.shown()).list_id ?? 0;
  }

  /** What Kommo did to bring its hooks, oldest first. */
  async hooks(): Promise<HookDelivery[]> {
    return this.control.get<HookDelivery[]>(`/kommo/hooks?account_id=${this.accountId}`);
  }

  /** Waits until every hook so far was answered with success. */
  async untilDelivered(): Promise<void> {
    await eventually('answers to every hook', async () => (await this.hooks()).every(({ state }) => state === 'delivered'));
  }

  /** Waits until nothing is left to apply or to tell. */
  async untilQuiet(withinMs?: number): Promise<void> {
    await eventually(`quiet in account ${this.accountId}`, async () => (await this.shown()).jobs_waiting === 0, withinMs);
  }

  /** Name by address of what is on the account's own list. */
  async onList(): Promise<Map<string, string>> {
    const listId = await this.listId();
    const held = [...(await this.held()).values()].filter(({ lists }) => lists.some(({ id }) => id === listId));
    return new Map(held.map(({ email, fields }) => [email, fields['Name'] ?? '']));
  }
}
