import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../apps/sandbox/src/sandbox.js';

/** A response of the sandbox. */
export interface SandboxResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as loosely typed JSON, because tests read many forms. */
  readonly json: Json;
}

/** Any JSON object. */
export interface Json {
  readonly [key: string]: Json;
}

/** A request: GET without a body, otherwise POST. */
export interface RequestOptions {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly form?: string;
}

/** Sends one request with any Host header. */
export function sendRequest(
  origin: string,
  path: string,
  { method, host, headers, body, form }: RequestOptions = {},
): Promise<SandboxResponse> {
  const text = form ?? (body === undefined ? undefined : JSON.stringify(body));
  const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  const length = text === undefined ? {} : { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) };
  const sent = { ...(host !== undefined && { host }), ...length, ...headers };
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${origin}${path}`, {
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      headers: sent,
      agent: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const whole = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: whole, json: parseJson(whole) });
      });
    });
    request.end(text);
  });
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

/** Converts a member that is a text or a number. */
export function textOf(value: unknown): string {
  return String(value);
}

/** A call that a receiver got. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** An HTTP server that receives hooks and redirects. `respond` returns the status; undefined means no response. */
export class Receiver {
  readonly received: Received[] = [];
  respond: (received: Received) => number | undefined = () => 200;
  private readonly waiters: { count: number; done: () => void }[] = [];
  private server: Server | undefined;
  url = '';

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers, rawHeaders } = request;
        const one = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString('utf8') };
        this.received.push(one);
        const status = this.respond(one);
        if (status !== undefined) response.writeHead(status).end();
        for (const waiter of this.waiters) if (this.received.length >= waiter.count) waiter.done();
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  /** Waits until it has received this number of calls in total. */
  async waitForCalls(count: number): Promise<readonly Received[]> {
    if (this.received.length < count) await new Promise<void>((done) => this.waiters.push({ count, done }));
    return this.received;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
  }
}

/** A running sandbox with methods to call it. */
export class SandboxClient {
  private constructor(readonly sandbox: Sandbox) {}

  static async start(options: SandboxOptions = {}): Promise<SandboxClient> {
    return new SandboxClient(await startSandbox(options));
  }

  control(method: string, path: string, body?: unknown): Promise<SandboxResponse> {
    return sendRequest(this.sandbox.url, `/sandbox${path}`, { method, ...(body !== undefined && { body }) });
  }

  async setSwitches(values: Record<string, unknown>): Promise<void> {
    const response = await this.control('POST', '/switches', values);
    if (response.status !== 200) throw new Error(response.text);
  }

  callKommo(host: string, path: string, options: RequestOptions = {}): Promise<SandboxResponse> {
    return sendRequest(this.sandbox.url, path, { ...options, host });
  }

  callUnisender(method: string, form: string): Promise<SandboxResponse> {
    return sendRequest(this.sandbox.url, `/ru/api/${method}?format=json`, { form });
  }

  /** Creates an integration and an account, and obtains a valid token pair. */
  async connectAccount(account: Record<string, unknown> = {}, integration: Record<string, unknown> = {}): Promise<ConnectedAccount> {
    const made = (await this.control('POST', '/kommo/integrations', { redirect_uri: 'https://service.test/auth', ...integration })).json;
    const { id, host } = (await this.control('POST', '/kommo/accounts', account)).json as unknown as { id: number; host: string };
    const client = { client_id: textOf(made.client_id), client_secret: textOf(made.client_secret) };
    const redirect_uri = textOf(made.redirect_uri);
    const code = await this.createCode(id, client.client_id);
    const tokens = await this.callKommo(host, '/oauth2/access_token', {
      body: { ...client, grant_type: 'authorization_code', code, redirect_uri },
    });
    const { access_token, refresh_token } = tokens.json as unknown as { access_token: string; refresh_token: string };
    return { id, host, client: { ...client, redirect_uri }, access: access_token, refresh: refresh_token };
  }

  async createCode(accountId: number, clientId: string): Promise<string> {
    const { redirect } = (await this.control('POST', `/kommo/accounts/${accountId}/consent`, { client_id: clientId, state: 's' })).json;
    return new URL(textOf(redirect)).searchParams.get('code') ?? '';
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
  }
}

/** An account with the credentials of its integration and a token pair. */
export interface ConnectedAccount {
  readonly id: number;
  readonly host: string;
  readonly client: { client_id: string; client_secret: string; redirect_uri: string };
  readonly access: string;
  readonly refresh: string;
}

/** The header of an access token. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
