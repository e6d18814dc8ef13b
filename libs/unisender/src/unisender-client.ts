import { Injectable } from '@nestjs/common';
import {
  BugError,
  Clock,
  hasErrorCode,
  MAX_ROWS_PER_CALL,
  RequestLimiter,
  type Secret,
  silentMeter,
  TransientError,
  WorkMeter,
} from '#domain';
import { countCall, HttpClient, type HttpPeer, type HttpPorts } from '#http';
import { type ExportRow, readExportFile } from './export-file.js';
import { type FormArguments, toFormBody } from './form-arguments.js';
import { hashKey } from './hash-key.js';
import { EMPTY_IMPORT, type ImportResult, readImportResult } from './import-result.js';
import { UnisenderMethodDeniedError, UnisenderRateLimitedError, UnisenderRejectedError } from './unisender-errors.js';
import { readResult, type ResponseLimits } from './unisender-failure.js';
import {
  readContact,
  readFields,
  readHooks,
  readId,
  readLists,
  readTask,
  readTaskId,
  type UnisenderContact,
  type UnisenderField,
  type UnisenderHook,
  type UnisenderList,
  type UnisenderTask,
} from './unisender-records.js';

/** The settings of the Unisender client. A class, so that it is its own injection token; plain objects are settings too. */
export abstract class UnisenderSettings {
  /** URL of the API with its language, e.g. `https://api.unisender.com/ru/api`. */
  abstract readonly baseUrl: string;
  /** Time limit of a call, and of silence during a download. Default: 30 s. */
  abstract readonly timeoutMs?: number | undefined;
  /** Time limit of a whole download. Default: 30 minutes. */
  abstract readonly exportTimeoutMs?: number | undefined;
}

/** Rows for importContacts: each row has one value per field name. */
export interface ImportRows {
  readonly fieldNames: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Events of a webhook: name and filter, `*` for all (reference/unisender.md 8.2). */
export type HookEvents = Readonly<Record<string, string>>;

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_EXPORT_TIMEOUT_MS = 30 * 60_000;
/** Decompressed: 20 million rows. */
const MAX_EXPORT_BYTES = 4 * 1024 ** 3;
const PLATFORM = 'kommo-unisender-sync';

const MEBIBYTE = 1024 * 1024;
/** One object or a short log. */
const SMALL_RESPONSE: ResponseLimits = { maxBytes: MEBIBYTE, maxItems: 10_000 };
/** Everything of one kind that an account has: there is no paging. */
const LIST_RESPONSE: ResponseLimits = { maxBytes: 8 * MEBIBYTE, maxItems: 200_000 };

/** The largest response of each method. */
const RESPONSES = {
  'async/exportContacts': SMALL_RESPONSE,
  'async/getTaskResult': SMALL_RESPONSE,
  createField: SMALL_RESPONSE,
  createList: SMALL_RESPONSE,
  exclude: SMALL_RESPONSE,
  getContact: SMALL_RESPONSE,
  getFields: LIST_RESPONSE,
  getLists: LIST_RESPONSE,
  importContacts: SMALL_RESPONSE,
  listHooks: LIST_RESPONSE,
  removeHook: SMALL_RESPONSE,
  setHook: SMALL_RESPONSE,
} as const satisfies Readonly<Record<string, ResponseLimits>>;

interface FormCall extends ResponseLimits {
  readonly key: Secret;
  readonly method: keyof typeof RESPONSES;
  readonly form: string;
}

interface MethodResponse {
  readonly result: unknown;
  /** Unisender's time of the response. */
  readonly respondedAtMs: number | undefined;
}

/** Columns that could subscribe an unsubscribed address again. */
const FORBIDDEN_COLUMN = /^(email|phone)_(status|availability)$/;

/** Unisender as the peer of an HttpClient. */
export const UNISENDER_PEER: HttpPeer = { name: 'Unisender', unavailableCode: 'unisender_unavailable' };

/**
 * Client of the Unisender API. It makes each call once; the caller retries. Every call is safe to repeat. Before each call it
 * acquires the limiter keys `unisender` and `unisender:<hash of the API key>`, for an export also `unisender-export` and
 * `unisender-export:<hash>`, and `unisender-method:<hash>:<method>`, which limits nothing: it is paused while Unisender refuses the
 * method to the key.
 *
 * Every method may throw UnisenderKeyRefusedError; UnisenderMethodDeniedError; TransientError with code `unisender_rate_limited`,
 * `unisender_not_enough_money` or `unisender_unavailable`; UnisenderRejectedError for a call that Unisender rejects as a whole;
 * BugError for a method that Unisender does not know. Errors never contain the key. Source: reference/unisender.md.
 */
@Injectable()
export class UnisenderClient {
  private readonly baseUrl: string;
  private readonly timeoutMs: number;
  private readonly exportTimeoutMs: number;

  constructor(
    private readonly http: HttpClient,
    private readonly limiter: RequestLimiter,
    private readonly clock: Clock,
    private readonly meter: WorkMeter,
    { baseUrl, timeoutMs, exportTimeoutMs }: UnisenderSettings,
  ) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.timeoutMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.exportTimeoutMs = exportTimeoutMs ?? DEFAULT_EXPORT_TIMEOUT_MS;
  }

  /** Creates a client without Nest. */
  static create(
    settings: UnisenderSettings,
    { limiter, meter = silentMeter, ...ports }: HttpPorts & { readonly limiter: RequestLimiter; readonly meter?: WorkMeter },
  ): UnisenderClient {
    return new UnisenderClient(
      HttpClient.create({ ...UNISENDER_PEER, trustedUrl: settings.baseUrl }, ports),
      limiter,
      ports.clock,
      meter,
      settings,
    );
  }

  /**
   * Lists the lists of the account; a new account has none. Also the test whether a key works, as there is no method for that
   * (reference/unisender.md 7).
   */
  async getLists(key: Secret): Promise<UnisenderList[]> {
    return readLists(await this.call(key, 'getLists'));
  }

  /** Creates a list and returns its id. Unisender rejects a title that exists. */
  async createList(key: Secret, title: string): Promise<number> {
    return readId(await this.call(key, 'createList', { title }));
  }

  /**
   * Adds, updates and (with a `delete` column) deletes up to 500 rows. A rejected row does not fail the call. Throws BugError for
   * more rows, for rows of another width, and for columns that could subscribe an unsubscribed address again.
   */
  async importContacts(key: Secret, { fieldNames, rows }: ImportRows): Promise<ImportResult> {
    assertImportable({ fieldNames, rows });
    if (rows.length === 0) return EMPTY_IMPORT;
    const { result, respondedAtMs } = await this.request(key, 'importContacts', { field_names: fieldNames, data: rows });
    return { ...readImportResult(result, rows.length), respondedAtMs };
  }

  /** Reads an address with its lists and fields. Undefined when the account does not have it. */
  async getContact(key: Secret, email: string): Promise<UnisenderContact | undefined> {
    return this.unlessNotFound(async () =>
      readContact(await this.call(key, 'getContact', { email, include_lists: 1, include_fields: 1, include_details: 1 })),
    );
  }

  /** Removes an address from lists without unsubscribing it. It stays in the account. An address that is not on the lists is not an error. */
  async exclude(key: Secret, email: string, listIds: readonly number[]): Promise<void> {
    if (listIds.length === 0)
      throw new BugError('exclude without list ids would remove the address from every list', { code: 'unisender_no_list' });
    await this.unlessNotFound(() => this.call(key, 'exclude', { contact_type: 'email', contact: email, list_ids: listIds.join(',') }));
  }

  /** Starts an export and returns the id of its task. Unisender allows 20 per minute. */
  async requestExport(
    key: Secret,
    { fieldNames, listId }: { readonly fieldNames: readonly string[]; readonly listId?: number },
  ): Promise<string> {
    const args = { field_names: fieldNames, ...(listId === undefined ? {} : { list_id: listId }) };
    return readTaskId(await this.call(key, 'async/exportContacts', args, ['unisender-export']));
  }

  /** Reads the status of a task. Throws UnisenderRejectedError for an unknown or expired task. */
  async getTask(key: Secret, taskId: string): Promise<UnisenderTask> {
    return readTask(await this.call(key, 'async/getTaskResult', { task_uuid: taskId }));
  }

  /** Streams the rows of an export file, in batches, from the URL of its completed task. */
  readExport(url: string): AsyncIterable<readonly ExportRow[]> {
    const apiOrigin = new URL(this.baseUrl).origin;
    const open = (target: string) => this.http.open({ method: 'GET', url: target, label: 'download', totalTimeoutMs: this.timeoutMs });
    const limits = { silenceLimitMs: this.timeoutMs, totalLimitMs: this.exportTimeoutMs, maxBytes: MAX_EXPORT_BYTES };
    return readExportFile({ open, apiOrigin, clock: this.clock, ...limits }, url);
  }

  /** Lists the fields that the account defines. `Name` always exists. */
  async getFields(key: Secret): Promise<UnisenderField[]> {
    return readFields(await this.call(key, 'getFields'));
  }

  /** Creates a field and returns its id. */
  async createField(key: Secret, name: string, type: 'string' | 'text' | 'number' | 'date' | 'bool' = 'string'): Promise<number> {
    return readId(await this.call(key, 'createField', { name, type }));
  }

  /** Creates or replaces the webhook of a URL and starts a stopped one. Unisender probes the URL with a GET. */
  async setHook(
    key: Secret,
    { url, events, singleEvent = true }: { readonly url: string; readonly events: HookEvents; readonly singleEvent?: boolean },
  ): Promise<void> {
    const format = { event_format: 'json_post', single_event: singleEvent ? 1 : 0, status: 'active' };
    await this.call(key, 'setHook', { hook_url: url, events, ...format });
  }

  /** Removes the webhook of a URL. A missing one is not an error. */
  async removeHook(key: Secret, url: string): Promise<void> {
    await this.unlessNotFound(() => this.call(key, 'removeHook', { hook_url: url }));
  }

  /** Lists all webhooks of the account, those of other services included. */
  async listHooks(key: Secret): Promise<UnisenderHook[]> {
    return readHooks(await this.call(key, 'listHooks'));
  }

  /** Ends running calls as if Unisender had disconnected. Later calls fail at once. */
  close(): void {
    this.http.close();
  }

  private async unlessNotFound<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof UnisenderRejectedError && error.isNotFound) return undefined;
      throw error;
    }
  }

  private async call(...call: Parameters<UnisenderClient['request']>): Promise<unknown> {
    return (await this.request(...call)).result;
  }

  /**
   * Sends all arguments in the body, the key included: Unisender rejects a mix of body and query, and proxies log URLs
   * (reference/unisender.md 1.1).
   */
  private async request(
    key: Secret,
    method: keyof typeof RESPONSES,
    args: FormArguments = {},
    furtherLimits: readonly string[] = [],
  ): Promise<MethodResponse> {
    const apiKey = key.reveal();
    const keyHash = hashKey(key);
    const methodKey = `unisender-method:${keyHash}:${method}`;
    const limits = ['unisender', ...furtherLimits].flatMap((limit) => [limit, `${limit}:${keyHash}`]);
    await this.acquire(method, [...limits, methodKey]);
    const form = toFormBody({ format: 'json', api_key: apiKey, platform: PLATFORM, ...args });
    const { maxBytes, maxItems } = RESPONSES[method];
    try {
      const response = await this.send({ key, method, form, maxBytes, maxItems });
      await this.limiter.resume(methodKey);
      return response;
    } catch (error) {
      if (error instanceof UnisenderRateLimitedError) await this.pauseAfter(error, keyHash);
      if (error instanceof UnisenderMethodDeniedError) await this.denyMethod(error, methodKey);
      throw error;
    }
  }

  /** Sends the call and counts it. */
  private async send({ key, method, form, maxBytes, maxItems }: FormCall): Promise<MethodResponse> {
    const request = {
      method: 'POST',
      url: `${this.baseUrl}/${method}`,
      label: method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: form,
      totalTimeoutMs: this.timeoutMs,
      maxResponseBytes: maxBytes,
    } as const;
    const call = async (): Promise<MethodResponse> => {
      const response = await this.http.send(request);
      return { result: readResult(response, { method, key }, maxItems), respondedAtMs: response.serverTimeMs };
    };
    return countCall({ vendor: 'unisender', meter: this.meter, clock: this.clock }, method, call, () => 'ok');
  }

  private async acquire(method: string, limiterKeys: readonly string[]): Promise<void> {
    try {
      await this.limiter.acquire(limiterKeys);
    } catch (error) {
      if (!(error instanceof TransientError && hasErrorCode(error, 'unisender_access_denied'))) throw error;
      throw new UnisenderMethodDeniedError(method, error.retryAfterMs ?? 0);
    }
  }

  private async denyMethod({ retryAfterMs: forMs = 0 }: UnisenderMethodDeniedError, methodKey: string): Promise<void> {
    await this.limiter.pause(methodKey, { code: 'unisender_access_denied', forMs, isGrowing: true });
  }

  /** Only the configured server can say that the limit of our IP is used up: it pauses Unisender for every key. */
  private async pauseAfter({ limitedBy, retryAfterMs: forMs = 0 }: UnisenderRateLimitedError, keyHash: string): Promise<void> {
    await this.limiter.pause(limitedBy === 'ip' ? 'unisender' : `unisender:${keyHash}`, { code: 'unisender_rate_limited', forMs });
  }
}

function assertImportable({ fieldNames, rows }: ImportRows): void {
  if (rows.length > MAX_ROWS_PER_CALL) {
    throw new BugError(`${rows.length} rows in one import, ${MAX_ROWS_PER_CALL} is the limit`, { code: 'unisender_too_many_rows' });
  }
  if (rows.some((row) => row.length !== fieldNames.length)) {
    throw new BugError('A row of the import has another width than the field names', { code: 'unisender_uneven_rows' });
  }
  const forbidden = fieldNames.find((name) => FORBIDDEN_COLUMN.test(name));
  if (forbidden !== undefined)
    throw new BugError(`An import must not have the column ${forbidden}`, { code: 'unisender_forbidden_column' });
}
