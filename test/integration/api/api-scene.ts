import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '#config';
import { AccountStore, type Database, WebhookTokenStore } from '#database';
import { type RequestLimiter, Secret } from '#domain';
import { type RequestRecord, toNestLogger } from '#logging';
import { QueueClient } from '#queue';
import { Keyring } from '#secrets';
import { Integrations, unisenderKeyContext } from '#sync';
import { ApiModule } from '../../../apps/api/src/api.module.js';
import { initApi } from '../../../apps/api/src/create-api.js';
import { createServer } from '../../../apps/api/src/http/server.js';
import { ApiDocument } from '../../../apps/api/src/docs/api-document.js';
import { type Harness, prepareHarness } from '../../support/sync-harness.js';
import { DocumentedResponses, type ReadDocument, type ReceivedResponse, type SentRequest } from './documented-responses.js';

export const OPERATOR_TOKEN = 'operator-token-of-the-tests-0123456789';
export const OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` };
export const CLIENT_ID = '0b0123f4-d123-4123-9123-e09f123456ca';
export const CLIENT_SECRET = 'planted-client-secret-0123456789abcdef';
export const UNISENDER_KEY = 'planted-unisender-key-0123456789abcdef';

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The parsed envelope; empty for another response. */
  readonly body: {
    readonly status: string;
    readonly code: number;
    readonly message: string;
    readonly data: Record<string, unknown> & { readonly fields?: { field: string; problem: string }[] };
  };
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: object | string | Buffer;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS';

function parse(text: string): ApiResponse['body'] {
  try {
    return JSON.parse(text) as ApiResponse['body'];
  } catch {
    return { status: '', code: 0, message: '', data: {} };
  }
}

/** All scenes of a suite have the same document. */
let documented: DocumentedResponses | undefined;

/** The whole API over a real database, called without a socket. With `isCompared`, every response must be one that the OpenAPI document describes. */
export class ApiScene {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly harness: Harness,
    /** What the request log was given. */
    readonly loggedRequests: readonly RequestRecord[],
    private readonly isCompared: boolean,
  ) {}

  static async open(options: {
    database: Database;
    sandboxUrl?: string;
    config?: Partial<Config>;
    queue?: Partial<QueueClient>;
    limiter?: RequestLimiter;
    isCompared?: boolean;
  }): Promise<ApiScene> {
    const settings = { operatorToken: Secret.of(OPERATOR_TOKEN), publicRateLimitPerMinute: 10_000, trustProxy: false, ...options.config };
    const { builder, config, clock, logger, toHarness } = prepareHarness([ApiModule], {
      database: options.database,
      sandbox: { url: options.sandboxUrl ?? 'http://127.0.0.1:9' },
      config: settings,
      ...(options.limiter ? { limiter: options.limiter } : {}),
    });
    const fake = {
      isReady: () => Promise.resolve(true),
      listTubeStatistics: () => Promise.resolve([]),
      listServers: () => Promise.resolve([]),
      ...options.queue,
    };
    const queue = options.queue instanceof QueueClient ? options.queue : fake;
    const module = await builder.overrideProvider(QueueClient).useValue(queue).compile();
    const loggedRequests: RequestRecord[] = [];
    const adapter = createServer({
      config,
      clock,
      logger: Object.assign(logger, { logRequest: (request: RequestRecord) => loggedRequests.push(request) }),
    });
    const app = await initApi(module.createNestApplication(adapter, { bodyParser: false, logger: toNestLogger(logger) }));
    return new ApiScene(app, toHarness(app), loggedRequests, options.isCompared ?? false);
  }

  async send(method: Method, url: string, { headers = {}, body }: Call = {}): Promise<ApiResponse> {
    const isObject = typeof body === 'object' && !Buffer.isBuffer(body);
    const response = await this.app.inject({
      method,
      url,
      headers: { ...(isObject ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(body === undefined ? {} : { payload: isObject ? JSON.stringify(body) : body }),
    });
    const received = { status: response.statusCode, headers: response.headers, text: response.body };
    if (this.isCompared) await this.compare({ method, url }, received);
    return { ...received, body: parse(response.body) };
  }

  private async compare(request: SentRequest, response: ReceivedResponse): Promise<void> {
    const document = JSON.stringify(await this.app.get(ApiDocument, { strict: false }).read());
    documented ??= new DocumentedResponses(JSON.parse(document) as ReadDocument);
    documented.assert(request, response);
  }

  /** Sends the request with the operator's token. */
  async sendAsOperator(method: Method, url: string, call: Call = {}): Promise<ApiResponse> {
    return this.send(method, url, { ...call, headers: { ...OPERATOR, ...call.headers } });
  }

  async saveIntegration(): Promise<void> {
    const body = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uri: 'https://sync.example.org/auth' };
    const { status } = await this.sendAsOperator('POST', '/integration', { body });
    if (status !== 200) throw new Error(`POST /integration: ${status}`);
  }

  /** Adds an account as an install leaves it. Returns the token of Kommo's webhook URL. */
  async addAccount(accountId: number, { unisenderKey = UNISENDER_KEY }: { unisenderKey?: string | undefined } = {}): Promise<string> {
    await this.saveIntegration();
    const keyring = this.harness.get(Keyring);
    await this.harness.get(Integrations).saveWithAccount({
      accountId,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      redirectUri: 'https://sync.example.org/auth',
    });
    await this.harness.get(AccountStore).setStatus(accountId, 'active');
    await this.harness.get(AccountStore).update(accountId, { unisenderKey: keyring.encrypt(unisenderKey, unisenderKeyContext(accountId)) });
    return this.webhookToken(accountId, 'kommo');
  }

  /** Returns the present token in the URL of a webhook. */
  async webhookToken(accountId: number, vendor: 'kommo' | 'unisender'): Promise<string> {
    const stored = await this.harness.get(WebhookTokenStore).findCurrent(accountId, vendor);
    if (!stored) throw new Error(`account ${accountId} has no token for ${vendor}`);
    return this.harness.get(Keyring).decrypt(stored.token, `webhook_tokens.token:${stored.tokenHash}`).reveal();
  }

  async events(accountId: number): Promise<readonly Record<string, unknown>[]> {
    const { body } = await this.sendAsOperator('GET', `/operations/events?account_id=${accountId}`);
    return body.data['events'] as Record<string, unknown>[];
  }
}
