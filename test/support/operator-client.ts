/** Calls a running API with the operator's token. Methods throw when the response is not a success. */
export class OperatorClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Sends a request. Returns `data` of the envelope. */
  async send<Data>(method: string, path: string, body?: unknown): Promise<Data> {
    const response = await this.request(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (JSON.parse(text) as { data: Data }).data;
  }

  /** Returns the body of a response without an envelope. */
  async text(path: string): Promise<string> {
    const response = await this.request('GET', path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return response.text();
  }

  /** Returns the target of a redirect. */
  async location(path: string): Promise<string> {
    const response = await this.request('GET', path);
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.body?.cancel();
    return location;
  }

  /** True when `/health/ready` succeeds; false without a response. */
  async isReady(): Promise<boolean> {
    const response = await this.request('GET', '/health/ready').catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok ?? false;
  }

  /** Sends a request without the operator's token. */
  async fetch(path: string, init: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  private request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
