import { gunzipSync } from 'node:zlib';
import type { EmulatorPorts } from '../emulator-ports.js';
import { emptyForm, parseForm, parseMultipart, textOf, type FormTree } from '../http/form.js';
import { textResponse, type IncomingCall, type HttpResponse } from '../http/message.js';
import { UnisenderAccount } from './account.js';
import { ContactMethods } from './contact-methods.js';
import { ExportTasks } from './export-tasks.js';
import { fieldMethods } from './field-methods.js';
import { HookMethods } from './hook-methods.js';
import { UnisenderHookSender } from './unisender-hook-sender.js';
import { listMethods } from './list-methods.js';
import { MethodCall, nothing, type Method } from './method-call.js';
import { envelope, failure, MethodError } from './responses.js';

const methodPath = /^\/(?:en|ru|ua)\/api\/((?:async\/)?[A-Za-z]+)\/?$/;
/** Arguments that may be in the query while the others are in the body (reference unisender 1.1). */
const queryArguments = new Set(['format', 'api_key', 'request_compression', 'platform', 'lang']);

/** True for the paths that belong to the emulated Unisender. */
export function isUnisenderPath(path: string): boolean {
  return /^\/(?:en|ru|ua)\/api\//.test(path) || path.startsWith('/unisender-files/');
}

const windowMs = 60_000;

/** Counts calls in fixed windows of one minute (reference unisender 3 and 11). */
class RateWindows {
  private window = -1;
  private counts = new Map<string, number>();

  /** Counts one call. False when the limit of this minute is exceeded; a limit of 0 allows any number. */
  take(name: string, limit: number, nowMs: number): boolean {
    if (limit === 0) return true;
    const window = Math.floor(nowMs / windowMs);
    if (window !== this.window) this.counts.clear();
    this.window = window;
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    return count <= limit;
  }
}

/** The emulated Unisender: all accounts share one host. */
export class UnisenderEmulator {
  readonly accounts = new Map<string, UnisenderAccount>();
  readonly hooks: UnisenderHookSender;
  private readonly exports: ExportTasks;
  private readonly methods: ReadonlyMap<string, Method>;
  private readonly windows = new RateWindows();

  constructor(private readonly ports: EmulatorPorts) {
    const { switches } = ports;
    this.hooks = new UnisenderHookSender(ports);
    this.exports = new ExportTasks(ports);
    const hookMethods = new HookMethods(switches, ports.send);
    this.methods = new Map<string, Method>(
      Object.entries({
        ...listMethods(switches),
        ...fieldMethods,
        ...new ContactMethods({ switches, hooks: this.hooks }).table(),
        'async/exportContacts': this.exports.start,
        'async/getTaskResult': this.exports.result,
        setHook: (call: MethodCall) => hookMethods.setHook(call),
        removeHook: (call: MethodCall) => hookMethods.removeHook(call),
        listHooks: (call: MethodCall) => hookMethods.listHooks(call),
      }),
    );
  }

  createAccount(apiKey: string, login: string): UnisenderAccount {
    const account = new UnisenderAccount(apiKey, login, this.ports.switches);
    this.accounts.set(apiKey, account);
    return account;
  }

  /** Runs an API method or serves an exported file. */
  async handle(call: IncomingCall): Promise<HttpResponse> {
    if (call.path.startsWith('/unisender-files/')) return this.exports.file(call.path);
    const maxBytes = this.ports.switches.get('unisender.max_body_bytes');
    if (maxBytes > 0 && call.body.length > maxBytes) return textResponse('Request Entity Too Large', 413);
    const delayMs = this.ports.switches.get('unisender.delay_ms');
    if (delayMs > 0) await this.ports.clock.sleep(delayMs);
    try {
      return await this.runMethod(call);
    } catch (error) {
      if (error instanceof MethodError) return failure(error.code, error.message, error.extra);
      throw error;
    }
  }

  /** The time of Unisender's clock, epoch seconds. */
  nowSeconds(): number {
    return Math.floor(this.ports.clock.nowMs() / 1000) + this.ports.switches.get('unisender.clock_offset_seconds');
  }

  private async runMethod(http: IncomingCall): Promise<HttpResponse> {
    const name = methodPath.exec(http.path)?.[1] ?? '';
    const args = argumentsOf(http);
    const account = this.accountOf(textOf(args, 'api_key') ?? '');
    this.countCall(name, account, http.remoteAddress);
    const method = this.methods.get(name);
    if (!method) throw new MethodError('unknown_method', `SB000000-08 [Unknown method '${name}']`);
    const result = await method(new MethodCall(account, args, http, this.nowSeconds()));
    return envelope({ result: result === nothing ? this.voidResult() : result }, this.ports.switches.get('unisender.escape_unicode'));
  }

  private accountOf(apiKey: string): UnisenderAccount {
    const account = this.accounts.get(apiKey);
    if (!account) throw new MethodError('invalid_api_key', `SZ150410-1 [Invalid key '${apiKey}']`);
    if (!account.apiEnabled) throw new MethodError('access_denied', 'SB000000-09 [API is disabled for this account]');
    return account;
  }

  private countCall(name: string, account: UnisenderAccount, address: string): void {
    const { switches, clock } = this.ports;
    const now = clock.nowMs();
    const take = (bucket: string, limit: number) => this.windows.take(bucket, limit, now);
    if (!take(`ip ${address}`, switches.get('unisender.ip_requests_per_minute'))) throw limitError('ip', address);
    const own = {
      subscribe: switches.get('unisender.subscribe_per_minute'),
      'async/exportContacts': switches.get('unisender.export_per_minute'),
    }[name];
    const general = take(`key ${account.apiKey}`, switches.get('unisender.requests_per_minute'));
    if (!general || !take(`${name} ${account.apiKey}`, own ?? 0)) throw limitError('api_key', account.apiKey);
  }

  private voidResult(): unknown {
    return this.ports.switches.get('unisender.void_result') === 'array' ? [] : {};
  }
}

function limitError(kind: 'ip' | 'api_key', value: string): MethodError {
  return new MethodError(`api_call_limit_exceeded_for_${kind}`, `SB000000-10 [API calls limit exceeded for ${kind} '${value}']`);
}

/** Arguments come from the query (GET) or the body (POST). Both at once cause the documented PHP error. JSON bodies are ignored. */
function argumentsOf(call: IncomingCall): FormTree {
  const query = parseForm(call.query);
  if (call.method !== 'POST' || call.body.length === 0) return query;
  if (Object.keys(query).some((name) => !queryArguments.has(name))) {
    throw new MethodError('unspecified', 'Call to a member function getMessage() on boolean');
  }
  return Object.assign(emptyForm(), query, bodyArguments(call, textOf(query, 'request_compression')));
}

function bodyArguments(call: IncomingCall, compression: string | undefined): FormTree {
  const type = call.headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data')) return parseMultipart(call.body, type);
  if (type.startsWith('application/json')) return emptyForm();
  const body = compression === 'gzip' ? gunzipSync(call.body) : call.body;
  return parseForm(body.toString('utf8'));
}

/** Counts the rows of an importContacts call for the call log, without parsing the whole body again. */
export function countImportedRows(call: IncomingCall): number | undefined {
  if (!call.path.endsWith('/importContacts')) return undefined;
  const text = call.method === 'POST' ? call.body.toString('latin1') : call.query;
  const rows = new Set<string>();
  for (const [, row] of text.matchAll(/(?:^|[&"])data(?:\[|%5B)(\d+)(?:\]|%5D)/gi)) rows.add(row ?? '');
  return rows.size;
}
