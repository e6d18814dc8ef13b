import { createHash } from 'node:crypto';
import { BugError, type Clock, type Logger, MAX_ROWS_PER_CALL, type RequestLimiter, type Secret } from '#domain';
import { HttpClient } from '#http';
import { type ExportRow, readExportFile } from './export-file.js';
import { type FormArguments, toFormBody } from './form-arguments.js';
import { emptyImport, type ImportResult, readImportResult } from './import-result.js';
import { UnisenderRejectedError } from './unisender-errors.js';
import { readResult } from './unisender-failure.js';
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

/** What the client stands on. */
export interface UnisenderClientOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Asked before every call with `unisender:<hash of the key>`; for exports also with `unisender-export:<hash>`. */
  readonly limiter: RequestLimiter;
  readonly baseUrl?: string;
  readonly timeoutMs?: number;
}

/** Rows as importContacts takes them: every row has a value for every field name. */
export interface ImportRows {
  readonly fieldNames: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Event name → filter; `*` for all (reference/unisender.md 8.2). */
export type HookEvents = Readonly<Record<string, string>>;

const DEFAULT_BASE_URL = 'https://api.unisender.com/ru/api';
const DEFAULT_TIMEOUT_MS = 30_000;
const PLATFORM = 'kommo-unisender-sync';
const KEY_HASH_LENGTH = 16;

/** Columns that could subscribe again who had left (DESIGN.md 7). */
const FORBIDDEN_COLUMN = /^(email|phone)_(status|availability)$/;

/**
 * Client of the Unisender API. Makes each call once; whoever works with it retries: every call bears repetition.
 *
 * Every method may throw UnisenderKeyRefusedError; TransientError with code `unisender_rate_limited`,
 * `unisender_not_enough_money` or `unisender_unavailable`; UnisenderRejectedError for a call that is wrong in itself; BugError
 * for a method that Unisender does not know. Errors never carry the key. Source: reference/unisender.md.
 */
export class UnisenderClient {
  private readonly http: HttpClient;
  private readonly baseUrl: string;
  private readonly timeoutMs: number;

  constructor(private readonly options: UnisenderClientOptions) {
    this.baseUrl = (options.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '');
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const { logger, clock } = options;
    this.http = new HttpClient({ logger, clock, peer: 'Unisender', unavailableCode: 'unisender_unavailable' });
  }

  /** The account's lists. Also tells whether a key works, for which there is no method: a new account has none (reference/unisender.md 7). */
  async getLists(key: Secret): Promise<UnisenderList[]> {
    return readLists(await this.call(key, 'getLists'));
  }

  /** The new list's id. A title that is taken is rejected. */
  async createList(key: Secret, title: string): Promise<number> {
    return readId(await this.call(key, 'createList', { title }));
  }

  /**
   * Adds, changes and (with a `delete` column) deletes up to 500 rows; a row that is refused does not fail the call. BugError
   * for more rows, for rows of another width, and for columns that would subscribe again who had left.
   */
  async importContacts(key: Secret, { fieldNames, rows }: ImportRows): Promise<ImportResult> {
    assertImportable({ fieldNames, rows });
    if (rows.length === 0) return emptyImport;
    return readImportResult(await this.call(key, 'importContacts', { field_names: fieldNames, data: rows }), rows.length);
  }

  /** The address with its lists and fields, or undefined when the account does not have it. */
  async getContact(key: Secret, email: string): Promise<UnisenderContact | undefined> {
    return this.unlessNotFound(async () =>
      readContact(await this.call(key, 'getContact', { email, include_lists: 1, include_fields: 1, include_details: 1 })),
    );
  }

  /** Takes an address off lists without marking it unsubscribed; one that is not on them is fine. It stays in the account. */
  async exclude(key: Secret, email: string, listIds: readonly number[]): Promise<void> {
    if (listIds.length === 0)
      throw new BugError('Without list ids, exclude would take the address off every list', { code: 'unisender_no_list' });
    await this.unlessNotFound(() => this.call(key, 'exclude', { contact_type: 'email', contact: email, list_ids: listIds.join(',') }));
  }

  /** Starts an export and gives its task's id. At most 20 per minute. */
  async requestExport(
    key: Secret,
    { fieldNames, listId }: { readonly fieldNames: readonly string[]; readonly listId?: number },
  ): Promise<string> {
    const args = { field_names: fieldNames, ...(listId === undefined ? {} : { list_id: listId }) };
    return readTaskId(await this.call(key, 'async/exportContacts', args, ['unisender-export']));
  }

  /** How far a task is. Throws UnisenderRejectedError for one that is not known (any more). */
  async getTask(key: Secret, taskId: string): Promise<UnisenderTask> {
    return readTask(await this.call(key, 'async/getTaskResult', { task_uuid: taskId }));
  }

  /** Streams the rows of the file that a finished export names. */
  readExport(url: string): AsyncIterable<ExportRow> {
    const apiOrigin = new URL(this.baseUrl).origin;
    const open = (target: string) => this.http.open({ method: 'GET', url: target, label: 'download', totalTimeoutMs: this.timeoutMs });
    return readExportFile({ open, apiOrigin, clock: this.options.clock, silenceLimitMs: this.timeoutMs }, url);
  }

  /** The fields that the account's owner defined; `Name` is always among them. */
  async getFields(key: Secret): Promise<UnisenderField[]> {
    return readFields(await this.call(key, 'getFields'));
  }

  /** The new field's id. */
  async createField(key: Secret, name: string, type: 'string' | 'text' | 'number' | 'date' | 'bool' = 'string'): Promise<number> {
    return readId(await this.call(key, 'createField', { name, type }));
  }

  /** Subscribes a URL, or replaces its subscription, and revives one that was stopped. Unisender probes the URL with a GET. */
  async setHook(
    key: Secret,
    { url, events, singleEvent = true }: { readonly url: string; readonly events: HookEvents; readonly singleEvent?: boolean },
  ): Promise<void> {
    const format = { event_format: 'json_post', single_event: singleEvent ? 1 : 0, status: 'active' };
    await this.call(key, 'setHook', { hook_url: url, events, ...format });
  }

  /** Ends a URL's subscription; one that does not exist is fine. */
  async removeHook(key: Secret, url: string): Promise<void> {
    await this.unlessNotFound(() => this.call(key, 'removeHook', { hook_url: url }));
  }

  /** Every webhook of the account, other services' too. */
  async listHooks(key: Secret): Promise<UnisenderHook[]> {
    return readHooks(await this.call(key, 'listHooks'));
  }

  /** Ends what is under way, as if Unisender had gone, and later calls at once. */
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

  /** All arguments go in the body, the key with them: mixing places fails, and addresses of calls are logged on the way (reference/unisender.md 1.1). */
  private async call(key: Secret, method: string, args: FormArguments = {}, furtherLimits: readonly string[] = []): Promise<unknown> {
    const apiKey = key.reveal();
    const keyHash = createHash('sha256').update(apiKey).digest('hex').slice(0, KEY_HASH_LENGTH);
    await this.options.limiter.acquire(['unisender', ...furtherLimits].map((limit) => `${limit}:${keyHash}`));
    const form = toFormBody({ format: 'json', api_key: apiKey, platform: PLATFORM, ...args });
    const { status, text } = await this.http.send({
      method: 'POST',
      url: `${this.baseUrl}/${method}`,
      label: method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: form,
      totalTimeoutMs: this.timeoutMs,
    });
    return readResult(status, text, apiKey);
  }
}

function assertImportable({ fieldNames, rows }: ImportRows): void {
  if (rows.length > MAX_ROWS_PER_CALL) {
    throw new BugError(`${rows.length} rows in one import, ${MAX_ROWS_PER_CALL} is the limit`, { code: 'unisender_too_many_rows' });
  }
  if (rows.some((row) => row.length !== fieldNames.length)) {
    throw new BugError('A row of the import has another width than its field names', { code: 'unisender_uneven_rows' });
  }
  const forbidden = fieldNames.find((name) => FORBIDDEN_COLUMN.test(name));
  if (forbidden !== undefined) throw new BugError(`An import must never carry ${forbidden}`, { code: 'unisender_forbidden_column' });
}
