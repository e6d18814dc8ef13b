import type { Clock } from '#domain';
import { parseForm, textOf } from '../http/form.js';
import { jsonResponse, noContent, type HttpResponse } from '../http/message.js';
import type { Switches } from '../switches.js';
import type { ApiHandler, ApiRequest } from './api-request.js';
import { asRecord } from './contact-input.js';
import { parseJson } from './contacts-endpoint.js';
import { kommoProblem, validationProblem } from './problems.js';
import { knownSettings, type Webhook } from './webhook.js';

const maxWebhooks = 100;

/** `/api/v4/webhooks` (reference kommo 5.1). */
export class WebhooksEndpoint {
  private lastId = 11_110_000;

  constructor(
    private readonly clock: Clock,
    private readonly switches: Switches,
  ) {}

  /** `GET /api/v4/webhooks` */
  readonly list: ApiHandler = (request) => {
    const refusal = this.findRefusal(request);
    if (refusal) return refusal;
    const filter = parseForm(request.call.query).filter;
    const destination = typeof filter === 'object' ? textOf(filter, 'destination') : undefined;
    const found = request.account.webhooks.filter((webhook) => destination === undefined || webhook.destination === destination);
    if (found.length === 0 && this.switches.get('kommo.webhooks_empty') === 204) return noContent;
    const webhooks = found.map((webhook) => webhookView(request.account.id, webhook));
    return jsonResponse({ _total_items: webhooks.length, _embedded: { webhooks } });
  };

  /** `POST /api/v4/webhooks` */
  readonly subscribe: ApiHandler = (request) => {
    const refusal = this.findRefusal(request);
    if (refusal) return refusal;
    const { destination, settings } = asRecord(parseJson(request.call.body));
    const errors = webhookProblems(destination, settings);
    if (errors.length > 0) return validationProblem([{ requestId: '0', errors }]);
    const known = request.account.webhooks.find((webhook) => webhook.destination === destination);
    if (!known && request.account.webhooks.length >= maxWebhooks) return kommoProblem(400, `Limit ${maxWebhooks} webhooks per account`);
    const webhook = known
      ? this.resubscribe(known, settings as string[])
      : this.create(request, destination as string, settings as string[]);
    return jsonResponse(webhookView(request.account.id, webhook));
  };

  /** `DELETE /api/v4/webhooks` */
  readonly unsubscribe: ApiHandler = (request) => {
    const refusal = this.findRefusal(request);
    if (refusal) return refusal;
    const { destination } = asRecord(parseJson(request.call.body));
    if (typeof destination !== 'string') return kommoProblem(400, 'Request data can not be empty');
    const place = request.account.webhooks.findIndex((webhook) => webhook.destination === destination);
    if (place < 0) return kommoProblem(404, 'Webhook not found');
    for (const removed of request.account.webhooks.splice(place, 1)) removed.disabled = true;
    return noContent;
  };

  private findRefusal({ account, grant }: ApiRequest): HttpResponse | undefined {
    if (!grant.user.isAdmin) return kommoProblem(403);
    return account.mode.webhooksAllowed ? undefined : kommoProblem(this.switches.get('kommo.webhook_plan_error'));
  }

  private create({ account, grant }: ApiRequest, destination: string, settings: readonly string[]): Webhook {
    const now = this.nowSeconds();
    const webhook: Webhook = {
      id: ++this.lastId,
      destination,
      createdAt: now,
      createdBy: grant.user.id,
      updatedAt: now,
      settings,
      disabled: false,
      invalidAtMs: [],
    };
    account.webhooks.push(webhook);
    return webhook;
  }

  private resubscribe(webhook: Webhook, settings: readonly string[]): Webhook {
    const merge = this.switches.get('kommo.webhook_repost') === 'merge';
    webhook.settings = merge ? [...new Set([...webhook.settings, ...settings])] : settings;
    webhook.updatedAt = this.nowSeconds();
    if (this.switches.get('kommo.webhook_repost_enables')) {
      webhook.disabled = false;
      webhook.invalidAtMs = [];
    }
    return webhook;
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.nowMs() / 1000);
  }
}

/** A webhook as the API shows it. */
export function webhookView(accountId: number, webhook: Webhook): Record<string, unknown> {
  return {
    id: webhook.id,
    destination: webhook.destination,
    created_at: webhook.createdAt,
    updated_at: webhook.updatedAt,
    account_id: accountId,
    created_by: webhook.createdBy,
    sort: 1,
    disabled: webhook.disabled,
    settings: webhook.settings,
  };
}

function webhookProblems(destination: unknown, settings: unknown): { code: string; path: string; detail: string }[] {
  const problems = [];
  if (typeof destination !== 'string' || !/^https?:\/\/\S+$/.test(destination)) {
    problems.push({ code: 'InvalidUrl', path: 'destination', detail: 'This value is not a valid URL.' });
  }
  const valid = Array.isArray(settings) && settings.length > 0 && settings.every((name: unknown) => knownSettings.has(String(name)));
  if (!valid) problems.push({ code: 'NotSupportedChoice', path: 'settings', detail: 'One or more of the given values is invalid.' });
  return problems;
}
