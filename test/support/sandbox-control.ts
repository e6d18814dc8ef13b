/** A call that an emulated vendor received. */
export interface ReceivedCall {
  readonly seq: number;
  readonly at_ms: number;
  readonly target: 'kommo' | 'unisender';
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly status: number | null;
  /** The parsed body. */
  readonly body?: unknown;
  /** The kind of the applied fault. */
  readonly fault?: string;
}

/** Calls the control API of a sandbox. Every method throws when the response is an error. */
export class SandboxControl {
  constructor(private readonly url: string) {}

  async send<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/sandbox${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async post<T = Record<string, unknown>>(path: string, body: unknown = {}): Promise<T> {
    return this.send<T>('POST', path, body);
  }

  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    return this.send<T>('GET', path);
  }

  /** Resets the sandbox and switches limits and probes off. */
  async reset(): Promise<void> {
    await this.post('/reset');
    await this.set({ 'kommo.requests_per_second': 0, 'unisender.requests_per_minute': 0, 'unisender.hook_probe': 'off' });
  }

  /** Sets switches. */
  async set(switches: Readonly<Record<string, unknown>>): Promise<void> {
    await this.post('/switches', switches);
  }

  /** Orders a fault. `match` is a part of `METHOD host/path?query`. */
  async fault(fault: {
    target: 'kommo' | 'unisender';
    kind: string;
    match?: string;
    location?: string;
    times?: number;
    applied?: 'before' | 'after';
  }): Promise<void> {
    await this.post('/faults', fault);
  }

  async clearFaults(): Promise<void> {
    await this.send('DELETE', '/faults');
  }

  /** Lists the received calls whose path contains `path`, oldest first. */
  async calls(path = ''): Promise<ReceivedCall[]> {
    return this.get<ReceivedCall[]>(`/calls?path=${encodeURIComponent(path)}`);
  }

  async forgetCalls(): Promise<void> {
    await this.send('DELETE', '/calls');
  }
}
