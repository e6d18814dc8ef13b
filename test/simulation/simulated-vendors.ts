import type { SendOutbound } from '../../apps/sandbox/src/http/outbound.js';
import type { HttpResponse, IncomingCall } from '../../apps/sandbox/src/http/message.js';
import { parseForm, textOf } from '../../apps/sandbox/src/http/form.js';
import type { KommoAccount } from '../../apps/sandbox/src/kommo/account.js';
import { SandboxApp } from '../../apps/sandbox/src/sandbox-app.js';
import type { UnisenderAccount } from '../../apps/sandbox/src/unisender/account.js';
import { type Oracle, type SeenAccount, lookAt } from './oracle.js';
import { type SimulatedTime, vendorClock } from './simulated-time.js';
import { type CallWatcher, type VendorCall, VendorNetwork } from './vendor-network.js';

/** What Kommo answers wrongly. */
interface KommoLies {
  /** How many reads show contacts without their fields. */
  withoutFields: number;
  /** How many reads show nothing. */
  empty: number;
  /** Contacts that reads by id show as they were, by id, with the number of such reads. */
  readonly lagging: Map<number, { readonly view: unknown; reads: number }>;
}

/** What the simulated vendors need. */
export interface VendorOptions {
  readonly time: SimulatedTime;
  readonly seed: number;
  readonly send: SendOutbound;
  readonly oracle: Oracle;
  /** Finds the account that chose a list title. */
  readonly ownerOfTitle: (title: string) => number | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

const changesNothing = new Set(['getLists', 'getFields', 'getContact', 'listHooks', 'async/exportContacts', 'async/getTaskResult']);

const methodOf = (call: IncomingCall): string => /\/api\/((?:async\/)?[A-Za-z]+)$/.exec(call.path)?.[1] ?? '';

/** Both vendors in memory, watched by the oracle. */
export class SimulatedVendors implements CallWatcher {
  readonly sandbox: SandboxApp;
  readonly network: VendorNetwork;
  readonly lies: KommoLies = { withoutFields: 0, empty: 0, lagging: new Map() };
  private readonly states = new Map<UnisenderAccount, SeenAccount>();
  private readonly listsBefore = new Map<UnisenderAccount, ReadonlySet<number>>();
  /** Accounts whose export was requested, by task. */
  private readonly exports = new Map<string, UnisenderAccount>();
  /** What responses that are on their way show. */
  private readonly looks = new WeakMap<VendorCall, (() => void) | undefined>();

  private readonly oracle: Oracle;
  private readonly ownerOfTitle: VendorOptions['ownerOfTitle'];

  constructor({ time, seed, send, oracle, ownerOfTitle, log }: VendorOptions) {
    this.oracle = oracle;
    this.ownerOfTitle = ownerOfTitle;
    const reset = () => {
      throw new Error('a simulated vendor is not reset');
    };
    this.sandbox = new SandboxApp({ clock: vendorClock(time), seed, reset, send });
    this.network = new VendorNetwork(time, this.sandbox, this, log);
  }

  /** Calls the control API of the emulators. Throws when the response is an error. */
  async control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const [pathname = '', query = ''] = path.split('?');
    const call: IncomingCall = {
      method,
      host: 'sandbox',
      authority: 'sandbox',
      path: `/sandbox${pathname}`,
      query,
      headers: {},
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      remoteAddress: '',
    };
    const response = await this.sandbox.handle(call);
    const text = typeof response.body === 'string' ? response.body : '';
    if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  kommoAccount(accountId: number): KommoAccount {
    const account = this.sandbox.kommo.registry.accounts.get(accountId);
    if (!account) throw new Error(`unknown Kommo account ${accountId}`);
    return account;
  }

  before(vendorCall: VendorCall): void {
    const { target, call, sentAtMs } = vendorCall;
    if (target !== 'unisender' || call.path.startsWith('/unisender-files/') || changesNothing.has(methodOf(call))) return;
    for (const account of this.accounts()) {
      this.states.set(account, lookAt(account));
      this.listsBefore.set(account, new Set(account.lists.keys()));
    }
    if (methodOf(call) === 'importContacts') this.oracle.judgeRows(rowsOf(call), sentAtMs);
  }

  after(vendorCall: VendorCall, response: HttpResponse): HttpResponse {
    const { target, call, sentAtMs } = vendorCall;
    if (target === 'kommo') return this.lie(call, response);
    const method = methodOf(call);
    const isKnown = vendorCall.hasResponse && response.breakage === undefined && response.status === 200;
    if (changesNothing.has(method) || method === '') {
      if (isKnown) this.looks.set(vendorCall, this.readLook(call, method, response));
      return response;
    }
    for (const [account, before] of this.states) {
      this.noteNewLists(account, call);
      this.oracle.judge({ account, method, before, after: lookAt(account), sentAtMs, isKnown });
    }
    this.states.clear();
    return response;
  }

  delivered(vendorCall: VendorCall): void {
    this.looks.get(vendorCall)?.();
  }

  /** All Unisender accounts; an account may have two keys. */
  private accounts(): ReadonlySet<UnisenderAccount> {
    return new Set(this.sandbox.unisender.accounts.values());
  }

  private noteNewLists(account: UnisenderAccount, call: IncomingCall): void {
    const before = this.listsBefore.get(account);
    const used = new Set(rowsOf(call).flatMap(({ listIds }) => listIds));
    for (const id of used) this.oracle.noteUse(id);
    for (const { id, title } of account.lists.values()) {
      const isNew = before !== undefined && !before.has(id);
      const owner = this.ownerOfTitle(title);
      if ((isNew || used.has(id)) && owner !== undefined && this.oracle.ownerOf(id) === undefined) this.oracle.noteList(id, owner);
    }
  }

  /** Returns what to note when the service receives the response. */
  private readLook(call: IncomingCall, method: string, response: HttpResponse): (() => void) | undefined {
    const args = argumentsOf(call);
    const account = this.sandbox.unisender.accounts.get(textOf(args, 'api_key') ?? '');
    if (method === 'getContact' && account) {
      const shown = this.oracle.show(account);
      return () => this.oracle.noteLook(shown, [(textOf(args, 'email') ?? '').toLowerCase()]);
    }
    if (method === 'async/exportContacts' && account) {
      const task = /"task_uuid":"([^"]+)"/.exec(textOfBody(response))?.[1];
      if (task !== undefined) this.exports.set(task, account);
    }
    const file = /^\/unisender-files\/(.+)\.csv$/.exec(call.path)?.[1];
    const exported = file === undefined ? undefined : this.exports.get(file);
    if (!exported || !this.servesExports()) return undefined;
    const shown = this.oracle.show(exported);
    return () => this.oracle.noteExport(shown);
  }

  private servesExports(): boolean {
    return (this.sandbox.switches.get('unisender.export_file') as string) === 'csv';
  }

  private lie(call: IncomingCall, response: HttpResponse): HttpResponse {
    if (call.method !== 'GET' || call.path !== '/api/v4/contacts' || response.breakage !== undefined) return response;
    if (this.lies.empty > 0) {
      this.lies.empty -= 1;
      return { status: 204, headers: {}, body: '' };
    }
    const lagging = this.takeLagging(call);
    const hides = this.lies.withoutFields > 0;
    if (hides) this.lies.withoutFields -= 1;
    if (!hides && lagging.length === 0) return response;
    return changeContacts(response, (contacts) => {
      const ids = new Set(lagging.map(({ id }) => id));
      const shown = [...contacts.filter(({ id }) => !ids.has(id)), ...lagging].sort((one, other) => one.id - other.id);
      return hides ? shown.map((contact) => ({ ...contact, custom_fields_values: null })) : shown;
    });
  }

  private takeLagging(call: IncomingCall): ContactView[] {
    const asked = new Set(
      [...new URLSearchParams(call.query)].filter(([name]) => name.startsWith('filter[id]')).map(([, id]) => Number(id)),
    );
    return [...this.lies.lagging].flatMap(([id, lag]) => {
      if (!asked.has(id) || lag.reads === 0) return [];
      lag.reads -= 1;
      return [lag.view as ContactView];
    });
  }
}

interface ContactView {
  readonly id: number;
}

interface ContactPage {
  readonly _embedded?: { readonly contacts: readonly ContactView[] };
}

function changeContacts(response: HttpResponse, change: (contacts: readonly ContactView[]) => readonly ContactView[]): HttpResponse {
  const page = (response.status === 200 ? JSON.parse(textOfBody(response)) : { _page: 1, _links: {} }) as ContactPage;
  const contacts = change(page._embedded?.contacts ?? []);
  if (contacts.length === 0) return { status: 204, headers: {}, body: '' };
  const headers = { 'content-type': 'application/hal+json' };
  return { status: 200, headers, body: JSON.stringify({ ...page, _embedded: { contacts } }) };
}

const textOfBody = ({ body }: HttpResponse): string => (typeof body === 'string' ? body : '');

const argumentsOf = (call: IncomingCall) => Object.assign(parseForm(call.query), parseForm(call.body.toString('utf8')));

/** The rows of an importContacts call that put addresses on lists. */
function rowsOf(call: IncomingCall): { readonly email: string; readonly listIds: readonly number[] }[] {
  const columns = new Map<string, string>();
  const rows = new Map<string, Map<string, string>>();
  for (const [name, value] of new URLSearchParams(call.body.toString('utf8'))) {
    const column = /^field_names\[(\d+)\]$/.exec(name)?.[1];
    if (column !== undefined) columns.set(value, column);
    const [, row = '', place = ''] = /^data\[(\d+)\]\[(\d+)\]$/.exec(name) ?? [];
    if (row === '') continue;
    if (!rows.has(row)) rows.set(row, new Map());
    rows.get(row)?.set(place, value);
  }
  return [...rows.values()].map((cells) => {
    const cell = (column: string) => cells.get(columns.get(column) ?? '') ?? '';
    const listIds =
      cell('delete') === '1'
        ? []
        : cell('email_list_ids')
            .split(',')
            .filter((id) => id !== '')
            .map(Number);
    return { email: cell('email').toLowerCase(), listIds };
  });
}
