import { Readable } from 'node:stream';
import { isUnisenderPath } from '../../apps/sandbox/src/unisender/unisender-emulator.js';
import type { SandboxApp } from '../../apps/sandbox/src/sandbox-app.js';
import type { IncomingCall, HttpResponse } from '../../apps/sandbox/src/http/message.js';
import type { SimulatedTime } from './simulated-time.js';

/** The part of an axios request that the service uses. */
export interface OutgoingRequest {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: unknown;
  readonly data?: unknown;
  readonly responseType?: string;
  readonly signal?: unknown;
}

/** The part of an axios response that the service uses. */
export interface IncomingResponse {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * How the network fails a call. `reset`: no effect; `lost`: the effect, but no response; `silent` and `silent_done`: the same, and the
 * caller waits for its time limit; `late`: no response, and the effect comes minutes later.
 */
export type NetworkFault = 'reset' | 'lost' | 'silent' | 'silent_done' | 'late';

interface OrderedFault {
  readonly kind: NetworkFault;
  /** A part of `METHOD host/path?query`. */
  readonly match: string;
  readonly delayMs: number;
  times: number;
}

/** A call of the service that reached a vendor. */
export interface VendorCall {
  readonly target: 'kommo' | 'unisender';
  readonly call: IncomingCall;
  /** When the service sent it, epoch milliseconds. */
  readonly sentAtMs: number;
  /** Whether the network delivers the response to the service. */
  readonly hasResponse: boolean;
}

/** Watches the calls of the service, and may replace responses. */
export interface CallWatcher {
  before(call: VendorCall): void;
  /** Returns the response that the service receives. */
  after(call: VendorCall, response: HttpResponse): HttpResponse;
  /** The service has received the response. */
  delivered(call: VendorCall): void;
}

const isAborted = (signal: unknown): signal is AbortSignal => signal instanceof AbortSignal && signal.aborted;

function toCall({ method = 'GET', url = '', headers = {}, data }: OutgoingRequest): IncomingCall {
  const { pathname, search, host: urlHost } = new URL(url);
  const lower = Object.fromEntries(Object.entries(headers as Record<string, string>).map(([name, value]) => [name.toLowerCase(), value]));
  const authority = lower['host'] ?? urlHost;
  return {
    method,
    host: authority.replace(/:\d+$/, '').toLowerCase(),
    authority,
    path: pathname,
    query: search.slice(1),
    headers: lower,
    body: Buffer.from(typeof data === 'string' ? data : ''),
    remoteAddress: '10.0.0.1',
  };
}

async function readBody(body: HttpResponse['body']): Promise<Buffer> {
  if (!(body instanceof Readable)) return Buffer.from(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}

/** The rows of a call and the text of its response, as far as one line shows them. */
const SHOWN_CHARACTERS = 2_000;

function describeCall({ method, path, query, body }: IncomingCall, response: HttpResponse): string {
  const parameters = [...new URLSearchParams(`${query}&${body.toString('utf8')}`)]
    .filter(([name]) => !['api_key', 'format', 'platform'].includes(name))
    .map(([name, value]) => `${name}=${value}`);
  const text = typeof response.body === 'string' ? response.body : '';
  const result = `${response.status}${response.breakage ? ` ${response.breakage}` : ''} ${text}`;
  return `CALL ${method} ${path} ${parameters.join(' ').slice(0, SHOWN_CHARACTERS)} -> ${result.slice(0, SHOWN_CHARACTERS)}`;
}

const noResponse = (code: string): Error => Object.assign(new Error(code), { code });

/** The network between the service and the vendors, all in memory. The vendors handle one call at a time. */
export class VendorNetwork {
  private faults: OrderedFault[] = [];
  private tail: Promise<unknown> = Promise.resolve();
  /** Calls whose effect comes later. */
  private late = new Set<() => Promise<void>>();
  private latency: () => number = () => 0;

  constructor(
    private readonly time: SimulatedTime,
    private readonly sandbox: SandboxApp,
    private readonly watcher: CallWatcher,
    private readonly log: ((line: string) => void) | undefined,
  ) {}

  /** Orders a fault for the next `times` calls that match. */
  fail(kind: NetworkFault, match: string, times: number, delayMs = 0): void {
    this.faults.push({ kind, match, times, delayMs });
  }

  /** Calls take this long from now on, there and back; milliseconds. */
  useLatency(draw: () => number): void {
    this.latency = draw;
  }

  /** Ends all ordered faults. Late effects still come. */
  heal(): void {
    this.faults = [];
  }

  /** Sends a request of the service. Rejects without a response, or when the signal is aborted. */
  async request(request: OutgoingRequest): Promise<IncomingResponse> {
    this.time.noteActivity();
    if (isAborted(request.signal)) throw noResponse('ERR_CANCELED');
    const call = toCall(request);
    const target = isUnisenderPath(call.path) ? 'unisender' : 'kommo';
    const fault = this.takeFault(`${call.method} ${call.host}${call.path}?${call.query}`);
    const vendorCall: VendorCall = { target, call, sentAtMs: this.time.nowMs(), hasResponse: fault === undefined };
    const response = await this.exchange(vendorCall, fault, request.signal);
    if (response.breakage === 'hang') return this.waitForAbort(request.signal);
    const data = await readBody(response.body);
    await this.travel(request.signal);
    if (response.breakage !== undefined) throw noResponse('ECONNRESET');
    this.time.noteActivity();
    this.watcher.delivered(vendorCall);
    return this.toResponse(response, data, request.responseType);
  }

  /** Runs `work` while no vendor handles a call. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const before = this.tail;
    const mine = before.then(work);
    this.tail = mine.catch(() => undefined);
    return mine;
  }

  private toResponse(response: HttpResponse, data: Buffer, responseType: string | undefined): IncomingResponse {
    const isStream = responseType === 'stream';
    return {
      status: response.status,
      data: isStream ? Readable.from([data], { objectMode: false }) : data.toString('utf8'),
      headers: { ...response.headers, ...(isStream && { 'content-length': String(data.length) }) },
    };
  }

  private takeFault(line: string): OrderedFault | undefined {
    const fault = this.faults.find(({ times, match }) => times > 0 && line.includes(match));
    if (fault) fault.times -= 1;
    return fault;
  }

  private async exchange(call: VendorCall, fault: OrderedFault | undefined, signal: unknown): Promise<HttpResponse> {
    if (fault?.kind === 'reset') throw noResponse('ECONNRESET');
    if (fault?.kind === 'silent') return this.waitForAbort(signal);
    if (fault?.kind === 'late') {
      this.applyLater(call, fault.delayMs);
      return this.waitForAbort(signal);
    }
    const response = await this.handleAfterTravel(call, signal);
    if (fault?.kind === 'lost') throw noResponse('ECONNRESET');
    if (fault?.kind === 'silent_done') return this.waitForAbort(signal);
    return response;
  }

  private async handle(call: VendorCall): Promise<HttpResponse> {
    return this.exclusively(async () => {
      this.watcher.before(call);
      const response = await this.sandbox.handle(call.call);
      this.log?.(describeCall(call.call, response));
      return this.watcher.after(call, response);
    });
  }

  /** A call whose caller stops waiting has its effect all the same. */
  private async handleAfterTravel(call: VendorCall, signal: unknown): Promise<HttpResponse> {
    const travelMs = this.latency();
    if (travelMs === 0) return this.handle(call);
    const handled = new Promise<HttpResponse>((resolve, reject) => {
      this.time.after(travelMs, () => void this.handle(call).then(resolve, reject));
    });
    return Promise.race([handled, this.waitForAbort(signal)]);
  }

  private async travel(signal: unknown): Promise<void> {
    const travelMs = this.latency();
    if (travelMs === 0) return;
    await Promise.race([new Promise<void>((resolve) => void this.time.after(travelMs, resolve)), this.waitForAbort(signal)]);
  }

  private applyLater(call: VendorCall, delayMs: number): void {
    const apply = async () => {
      if (!this.late.delete(apply)) return;
      await this.handle(call);
    };
    this.late.add(apply);
    this.time.after(delayMs, () => void apply());
  }

  private waitForAbort(signal: unknown): Promise<never> {
    return new Promise((_resolve, reject) => {
      if (!(signal instanceof AbortSignal)) return;
      if (signal.aborted) reject(noResponse('ERR_CANCELED'));
      signal.addEventListener('abort', () => reject(noResponse('ERR_CANCELED')), { once: true });
    });
  }
}
