import type { Clock } from '#domain';
import { parseForm, parseMultipart } from './http/form.js';
import type { IncomingCall } from './http/message.js';
import type { Switches } from './switches.js';

/** The emulated vendor that received a call. */
export type Target = 'kommo' | 'unisender';

/** The end of a call: the status (null without a response), the applied fault, the number of rows of an importContacts. */
export interface CallOutcome {
  readonly status: number | null;
  readonly fault?: string;
  readonly rows?: number;
}

interface LoggedCall {
  readonly seq: number;
  readonly atMs: number;
  readonly target: Target;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string;
  readonly cut: boolean;
  body: Buffer | null;
  outcome: CallOutcome | null;
}

/** Selects calls of the log. */
export interface CallFilter {
  readonly target?: string;
  /** Calls after this sequence number. */
  readonly since?: number;
  /** A part of the path. */
  readonly path?: string;
}

/** Every call to the emulated vendors, oldest first. When the limit of bytes is exceeded, the oldest bodies are dropped. */
export class CallLog {
  private entries: LoggedCall[] = [];
  private lastSeq = 0;
  private bodyBytes = 0;
  private oldestWithBody = 0;

  constructor(
    private readonly clock: Clock,
    private readonly switches: Switches,
  ) {}

  /** Adds a call. Returns a function that records how the call ended. */
  record(target: Target, call: IncomingCall): (outcome: CallOutcome) => void {
    const limit = this.switches.get('calls.body_bytes');
    const entry: LoggedCall = {
      seq: ++this.lastSeq,
      atMs: this.clock.nowMs(),
      target,
      method: call.method,
      host: call.host,
      path: call.path,
      query: call.query,
      contentType: call.headers['content-type'] ?? '',
      cut: call.body.length > limit,
      body: call.body.length > 0 ? Buffer.from(call.body.subarray(0, limit)) : null,
      outcome: null,
    };
    this.entries.push(entry);
    this.bodyBytes += entry.body?.length ?? 0;
    this.trim();
    return (outcome) => void (entry.outcome = outcome);
  }

  /** The selected calls as the control API shows them. */
  list(filter: CallFilter): Record<string, unknown>[] {
    return this.entries.filter((entry) => matches(entry, filter)).map(toView);
  }

  /** The number of selected calls. */
  count(filter: CallFilter): number {
    return this.entries.reduce((total, entry) => total + (matches(entry, filter) ? 1 : 0), 0);
  }

  /** Removes all calls. Sequence numbers continue. */
  clear(): void {
    this.entries = [];
    this.bodyBytes = 0;
    this.oldestWithBody = 0;
  }

  private trim(): void {
    const kept = this.switches.get('calls.kept');
    if (this.entries.length > kept * 1.25 + 16) this.dropOldest(this.entries.length - kept);
    while (this.bodyBytes > this.switches.get('calls.total_body_bytes') && this.oldestWithBody < this.entries.length - 1) {
      this.dropBody(this.entries[this.oldestWithBody]);
      this.oldestWithBody += 1;
    }
  }

  private dropOldest(count: number): void {
    for (const entry of this.entries.splice(0, count)) this.dropBody(entry);
    this.oldestWithBody = Math.max(0, this.oldestWithBody - count);
  }

  private dropBody(entry: LoggedCall | undefined): void {
    if (!entry?.body) return;
    this.bodyBytes -= entry.body.length;
    entry.body = null;
  }
}

function matches(entry: LoggedCall, filter: CallFilter): boolean {
  if (filter.target !== undefined && entry.target !== filter.target) return false;
  if (filter.since !== undefined && entry.seq <= filter.since) return false;
  return filter.path === undefined || entry.path.includes(filter.path);
}

function toView(entry: LoggedCall): Record<string, unknown> {
  const { seq, target, method, host, path, query } = entry;
  const outcome = entry.outcome ?? { status: null };
  return {
    seq,
    at_ms: entry.atMs,
    target,
    method,
    host,
    path,
    query,
    ...outcome,
    body: bodyView(entry),
    ...(entry.cut && { body_cut: true }),
  };
}

function bodyView(entry: LoggedCall): unknown {
  if (!entry.body) return null;
  const text = entry.body.toString('utf8');
  if (entry.contentType.startsWith('application/x-www-form-urlencoded')) return parseForm(entry.cut ? withoutLastPair(text) : text);
  if (entry.contentType.startsWith('multipart/form-data')) return parseMultipart(entry.body, entry.contentType);
  return parsedOrText(text);
}

function withoutLastPair(text: string): string {
  return text.slice(0, Math.max(0, text.lastIndexOf('&')));
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
