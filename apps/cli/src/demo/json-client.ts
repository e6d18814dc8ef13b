import { BugError } from '#domain';

/** The response is not the expected one. */
export class ResponseError extends BugError {
  constructor(what: string, status: number, text: string) {
    super(`${what}: unexpected response ${status}: ${text.slice(0, 300)}`, { code: 'demo_response' });
  }
}

/** Sends JSON requests to one origin. Throws ResponseError for a response that is not a success. */
export class JsonClient {
  constructor(
    private readonly origin: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  get = <Value>(path: string): Promise<Value> => this.send<Value>('GET', path);
  post = <Value>(path: string, body: unknown = {}): Promise<Value> => this.send<Value>('POST', path, body);
  patch = <Value>(path: string, body: unknown): Promise<Value> => this.send<Value>('PATCH', path, body);
  delete = <Value>(path: string): Promise<Value> => this.send<Value>('DELETE', path);

  /** The target of a redirect. */
  async findLocation(path: string): Promise<string> {
    const response = await fetch(`${this.origin}${path}`, { redirect: 'manual', headers: this.headers });
    const location = response.headers.get('location');
    if (!location) throw new ResponseError(path, response.status, await response.text());
    return location;
  }

  /** True when the response is a success; false without a response. */
  async isOk(path: string): Promise<boolean> {
    const response = await fetch(`${this.origin}${path}`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.ok ?? false;
  }

  private async send<Value>(method: string, path: string, body?: unknown): Promise<Value> {
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new ResponseError(`${method} ${path}`, response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as Value;
  }
}
