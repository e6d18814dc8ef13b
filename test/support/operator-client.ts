/** The operator's calls to a running API. Every method throws when the answer is not a success. */
export class OperatorClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** The envelope's data. */
  async send<Data>(method: string, path: string, body?: unknown): Promise<Data> {
    const answer = await this.ask(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (JSON.parse(text) as { data: Data }).data;
  }

  /** The whole answer of what is not in the envelope. */
  async text(path: string): Promise<string> {
    const answer = await this.ask('GET', path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status}`);
    return answer.text();
  }

  /** Where a redirect leads. */
  async location(path: string): Promise<string> {
    const answer = await this.ask('GET', path);
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
    return location;
  }

  async isReady(): Promise<boolean> {
    const answer = await this.ask('GET', '/health/ready').catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }

  /** A call of anybody's. */
  async fetch(path: string, init: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  private ask(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
