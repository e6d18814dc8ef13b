import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Config } from '#config';
import { type Caller, InvalidInputError } from '#domain';
import { WebhookTokens, WidgetAdministrators, WidgetAuthority, type WidgetUser } from '#sync';
import type { Audience } from './audience.decorator.js';
import { needsAdministrator, routeOf } from './route-effect.js';
import { RefusalLimits } from './refusal-limits.js';

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;
const ANONYMOUS: Caller = { kind: 'anonymous' };

const operatorRequired = () =>
  new InvalidInputError("The operator's token is required: send Authorization: Bearer <OPERATOR_TOKEN>", { code: 'operator_required' });

const widgetTokenRequired = () =>
  new InvalidInputError("Kommo's disposable token is required: send it in X-Auth-Token", { code: 'widget_token_refused' });

/** Finds the caller of a request by its path and its headers alone. Valid tokens are never limited. */
@Injectable()
export class CallerFinder {
  constructor(
    private readonly config: Config,
    private readonly widgetAuthority: WidgetAuthority,
    private readonly administrators: WidgetAdministrators,
    private readonly webhookTokens: WebhookTokens,
    private readonly limits: RefusalLimits,
  ) {}

  /**
   * Returns the caller. Throws InvalidInputError when the audience of the route does not include the caller, and RateLimitedError
   * when the client was refused too often.
   */
  async find(audience: Audience, request: FastifyRequest): Promise<Caller> {
    if (audience === 'kommo' || audience === 'unisender') return this.findByPath(request, audience);
    if (this.isOperator(request)) return { kind: 'operator' };
    if (audience === 'widget') return this.findWidgetCaller(request);
    if (audience !== 'operator') return ANONYMOUS;
    this.limits.consume(request, 'operator');
    throw operatorRequired();
  }

  private isOperator({ headers }: FastifyRequest): boolean {
    const token = BEARER.exec(headers.authorization ?? '')?.[1];
    return token !== undefined && this.config.operatorToken.matches(token);
  }

  /** Only administrators may change anything, or read personal data and choices. Every user may read the rest. */
  private async findWidgetCaller(request: FastifyRequest): Promise<Caller> {
    const user = await this.limits.consumeOnRefusal({ request, purpose: 'widget' }, () => this.findWidgetUser(request));
    if (needsAdministrator(routeOf(request))) await this.administrators.require(user);
    return { kind: 'widget', ...user };
  }

  private async findWidgetUser({ headers }: FastifyRequest): Promise<WidgetUser> {
    const token = headers['x-auth-token'];
    if (typeof token !== 'string' || token === '') throw widgetTokenRequired();
    return this.widgetAuthority.authorize(token);
  }

  /** The token of a webhook is in its path. Kommo's uninstall call has none: its handler checks the signature. */
  private async findByPath(request: FastifyRequest, vendor: 'kommo' | 'unisender'): Promise<Caller> {
    const { token } = request.params as { token?: string };
    if (token === undefined) return ANONYMOUS;
    const account = await this.webhookTokens.findAccount(token, vendor);
    if (account) return { kind: 'webhook', accountId: account.accountId };
    this.limits.consume(request, 'webhook');
    throw new InvalidInputError('Unknown URL', { code: 'not_found' });
  }
}
