import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../apps/sandbox/src/sandbox.js';

export interface SandboxResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, loosely typed: tests look into many shapes. */
  readonly json: Json;
}

export interface Json {
  readonly [key: string]: Json;
}

export interface Ask {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly form?: string;
}

/** Sends one request with any Host header. */
export function ask(origin: string, path: string, { method, host, headers, body, form }: Ask = {}): Promise<SandboxResponse> {
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
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: whole, json: parsed(whole) });
      });
    });
    request.end(text);
  });
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

/** A member that the test knows to be a text or a number, as text. */
export function textOf(value: unknown): string {
  return String(value);
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A receiver of hooks and redirects; `respond` chooses the status, undefined leaves the caller waiting. */
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

  /** Resolves once this many calls have arrived in all. */
  async arrived(count: number): Promise<readonly Received[]> {
    if (this.received.length < count) await new Promise<void>((done) => this.waiters.push({ count, done }));
    return this.received;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()));
  }
}

/** A running sandbox with short ways to call it. */
export class SandboxClient {
  private constructor(readonly sandbox: Sandbox) {}

  static async start(options: SandboxOptions = {}): Promise<SandboxClient> {
    return new SandboxClient(await startSandbox(options));
  }

  control(method: string, path: string, body?: unknown): Promise<SandboxResponse> {
    return ask(this.sandbox.url, `/sandbox${path}`, { method, ...(body !== undefined && { body }) });
  }

  async switches(values: Record<string, unknown>): Promise<void> {
    const answer = await this.control('POST', '/switches', values);
    if (answer.status !== 200) throw new Error(answer.text);
  }

  kommo(host: string, path: string, options: Ask = {}): Promise<SandboxResponse> {
    return ask(this.sandbox.url, path, { ...options, host });
  }

  unisender(method: string, form: string): Promise<SandboxResponse> {
    return ask(this.sandbox.url, `/ru/api/${method}?format=json`, { form });
  }

  /** An integration, an account and a live access token. */
  async connected(account: Record<string, unknown> = {}, integration: Record<string, unknown> = {}): Promise<Connected> {
    const made = (await this.control('POST', '/kommo/integrations', { redirect_uri: 'https://service.test/auth', ...integration })).json;
    const { id, host } = (await this.control('POST', '/kommo/accounts', account)).json as unknown as { id: number; host: string };
    const client = { client_id: textOf(made.client_id), client_secret: textOf(made.client_secret) };
    const redirect_uri = textOf(made.redirect_uri);
    const code = await this.code(id, client.client_id);
    const tokens = await this.kommo(host, '/oauth2/access_token', {
      body: { ...client, grant_type: 'authorization_code', code, redirect_uri },
    });
    const { access_token, refresh_token } = tokens.json as unknown as { access_token: string; refresh_token: string };
    return { id, host, client: { ...client, redirect_uri }, access: access_token, refresh: refresh_token };
  }

  async code(accountId: number, clientId: string): Promise<string> {
    const { redirect } = (await this.control('POST', `/kommo/accounts/${accountId}/consent`, { client_id: clientId, state: 's' })).json;
    return new URL(textOf(redirect)).searchParams.get('code') ?? '';
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
  }
}

export interface Connected {
  readonly id: number;
  readonly host: string;
  readonly client: { client_id: string; client_secret: string; redirect_uri: string };
  readonly access: string;
  readonly refresh: string;
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
