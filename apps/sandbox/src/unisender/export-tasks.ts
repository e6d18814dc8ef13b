import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { EmulatorPorts } from '../emulator-ports.js';
import { textResponse, type HttpResponse } from '../http/message.js';
import type { UnisenderAccount } from './account.js';
import { fieldOf, unisenderTime, type Contact } from './contact.js';
import type { Method, MethodCall } from './method-call.js';
import { MethodError } from './responses.js';

interface ExportTask {
  readonly uuid: string;
  readonly account: UnisenderAccount;
  readonly columns: readonly string[];
  readonly matches: (contact: Contact) => boolean;
  readonly startedMs: number;
  readonly origin: string;
  readonly times: ExportTimes;
}

/** How a file shows times. */
interface ExportTimes {
  readonly offsetSeconds: number;
  readonly hasAddTime: boolean;
}

const callbackLimitMs = 10_000;
const linesPerChunk = 500;
const systemColumns: Readonly<Record<string, (contact: Contact, times: ExportTimes) => string>> = {
  id: ({ id }) => String(id),
  email: ({ email }) => email,
  email_status: ({ status }) => status,
  email_availability: ({ availability }) => availability,
  email_add_time: ({ addedAt }, { offsetSeconds, hasAddTime }) => (hasAddTime ? unisenderTime(addedAt + offsetSeconds) : ''),
  email_request_ip: () => '',
  email_confirm_time: () => '',
  email_confirm_ip: () => '',
  email_list_ids: ({ memberships }) => idList(memberships.filter(({ unsubscribed }) => !unsubscribed)),
  email_subscribe_times: ({ memberships }, { offsetSeconds }) =>
    memberships.map(({ addedAt }) => unisenderTime(addedAt + offsetSeconds)).join(','),
  email_unsubscribed_list_ids: ({ memberships }) => idList(memberships.filter(({ unsubscribed }) => unsubscribed)),
  email_last_delivered_at: () => '',
  email_last_read_at: () => '',
  email_last_clicked_at: () => '',
  tags: ({ tags }) => tags.join(','),
};

function idList(memberships: Contact['memberships']): string {
  return memberships.map(({ listId }) => listId).join(',');
}

/** `async/exportContacts`, `async/getTaskResult` and the exported files (reference unisender 5.8). */
export class ExportTasks {
  private readonly tasks = new Map<string, ExportTask>();

  constructor(private readonly ports: EmulatorPorts) {}

  /** `async/exportContacts` */
  readonly start: Method = (call) => {
    const task: ExportTask = {
      uuid: randomUUID(),
      account: call.account,
      columns: columnsOf(call),
      matches: filterOf(call),
      startedMs: this.ports.clock.nowMs(),
      origin: `http://${call.http.authority}`,
      times: {
        offsetSeconds: this.ports.switches.get('unisender.export_time_offset_minutes') * 60,
        hasAddTime: this.ports.switches.get('unisender.added_at') === 'present',
      },
    };
    this.tasks.set(task.uuid, task);
    const notifyUrl = call.text('notify_url');
    if (notifyUrl !== undefined && notifyUrl !== '') this.notifyLater(task, notifyUrl);
    return { task_uuid: task.uuid, status: 'new' };
  };

  /** `async/getTaskResult` */
  readonly result: Method = (call) => {
    const task = this.tasks.get(call.requiredText('task_uuid'));
    if (task?.account !== call.account) throw new MethodError('unspecified', 'SB000000-05 [Task not found]');
    return this.view(task);
  };

  /** Serves `GET /unisender-files/<uuid>.csv`. */
  file(path: string): HttpResponse {
    const task = this.tasks.get(path.replace(/^\/unisender-files\//, '').replace(/\.csv$/, ''));
    if (!task || this.statusOf(task) !== 'completed') return textResponse('Not Found', 404);
    const text = Readable.from(this.contentOf(task));
    const gzip = this.ports.switches.get('unisender.export_gzip');
    const headers = { 'content-type': gzip ? 'application/gzip' : 'text/csv; charset=utf-8' };
    return { status: 200, headers, body: gzip ? text.pipe(createGzip()) : text };
  }

  private view(task: ExportTask): Record<string, unknown> {
    const status = this.statusOf(task);
    const form = this.ports.switches.get('unisender.export_task');
    const file = { file_to_download: `${task.origin}/unisender-files/${task.uuid}.csv` };
    const isFinished = status === 'completed';
    return {
      task_type: 'contacts/export',
      task_uuid: task.uuid,
      status: isFinished && form === 'unknown_status' ? 'archived' : status,
      ...(isFinished && form === 'file' && file),
    };
  }

  private contentOf(task: ExportTask): Iterable<string | Buffer> {
    const form = this.ports.switches.get('unisender.export_file');
    const delimiter = this.ports.switches.get('unisender.export_delimiter');
    if (form in notCsv) return [notCsv[form as keyof typeof notCsv]];
    if (form === 'cut') return cutChunks(task, delimiter);
    if (form === 'bom') return withPrefix('\ufeff', csvChunks(task, delimiter));
    const columns = task.columns.map((column) => (form === 'other_header' && column === 'email' ? 'E-mail' : column));
    return csvChunks(task, delimiter, form === 'no_header' ? [] : columns);
  }

  private statusOf(task: ExportTask): string {
    const duration = this.ports.switches.get('unisender.export_seconds') * 1000;
    const elapsed = this.ports.clock.nowMs() - task.startedMs;
    if (elapsed >= duration) return this.ports.switches.get('unisender.export_fails') ? 'failed' : 'completed';
    return elapsed < duration / 4 ? 'new' : 'processing';
  }

  private notifyLater(task: ExportTask, url: string): void {
    const { scheduler, switches, send } = this.ports;
    scheduler.after(switches.get('unisender.export_seconds') * 1000, () => {
      const body = JSON.stringify({ result: this.view(task) });
      void send({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body, timeoutMs: callbackLimitMs });
    });
  }
}

function columnsOf(call: MethodCall): string[] {
  const wanted = call.texts('field_names');
  return wanted.length > 0 ? wanted : [...Object.keys(systemColumns), ...call.account.fields.map(({ name }) => name)];
}

function filterOf(call: MethodCall): (contact: Contact) => boolean {
  const [listId, email, status, tag] = ['list_id', 'email', 'email_status', 'tag'].map((name) => call.text(name) || undefined);
  return (contact) =>
    (listId === undefined || contact.memberships.some((membership) => membership.listId === Number(listId))) &&
    (email === undefined || contact.email === email.toLowerCase()) &&
    (status === undefined || contact.status === status) &&
    (tag === undefined || contact.tags.includes(tag));
}

const notCsv = {
  empty: '',
  html: '<!DOCTYPE html>\n<html><body>Sign in, please; email, password</body></html>\n',
  json: '{"error":"SB000000-14 [The file has expired]","code":"unspecified"}\n',
  zip: Buffer.from('504b0304140000000800', 'hex'),
} as const;

function* withPrefix(prefix: string, chunks: Iterable<string>): Generator<string> {
  yield prefix;
  yield* chunks;
}

/** The file ends in the middle of its last row. */
function* cutChunks(task: ExportTask, delimiter: string): Generator<string> {
  const text = [...csvChunks(task, delimiter)].join('').trimEnd();
  yield text.slice(0, text.lastIndexOf(delimiter));
}

/** An empty `header`: no header row. */
function* csvChunks(task: ExportTask, delimiter: string, header: readonly string[] = task.columns): Generator<string> {
  let lines = header.length > 0 ? [csvLine(header, delimiter)] : [];
  for (const contact of task.account.all()) {
    if (!task.matches(contact)) continue;
    lines.push(
      csvLine(
        task.columns.map((column) => cellOf(task, contact, column)),
        delimiter,
      ),
    );
    if (lines.length < linesPerChunk) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function cellOf({ times }: ExportTask, contact: Contact, column: string): string {
  return systemColumns[column]?.(contact, times) ?? fieldOf(contact, column) ?? '';
}

function csvLine(cells: readonly string[], delimiter: string): string {
  return `${cells.map((cell) => csvCell(cell, delimiter)).join(delimiter)}\n`;
}

function csvCell(cell: string, delimiter: string): string {
  return /["\r\n]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
