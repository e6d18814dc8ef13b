import { BugError } from '#domain';

/** What an answer was, when it was not the one hoped for. */
export class ReplyError extends BugError {
  constructor(what: string, status: number, text: string) {
    super(`${what} answered ${status}: ${text.slice(0, 300)}`, { code: 'demo_answer' });
  }
}

/** Speaks JSON to one origin. */
export class JsonClient {
  constructor(
    private readonly origin: string,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  get = <Value>(path: string): Promise<Value> => this.send<Value>('GET', path);
  post = <Value>(path: string, body: unknown = {}): Promise<Value> => this.send<Value>('POST', path, body);
  patch = <Value>(path: string, body: unknown): Promise<Value> => this.send<Value>('PATCH', path, body);
  delete = <Value>(path: string): Promise<Value> => this.send<Value>('DELETE', path);

  /** Where a redirect leads. */
  async findLocation(path: string): Promise<string> {
    const answer = await fetch(`${this.origin}${path}`, { redirect: 'manual', headers: this.headers });
    const location = answer.headers.get('location');
    if (!location) throw new ReplyError(path, answer.status, await answer.text());
    return location;
  }

  async isOk(path: string): Promise<boolean> {
    const answer = await fetch(`${this.origin}${path}`).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }

  private async send<Value>(method: string, path: string, body?: unknown): Promise<Value> {
    const answer = await fetch(`${this.origin}${path}`, {
      method,
      headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new ReplyError(`${method} ${path}`, answer.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as Value;
  }
}
