import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccountStore } from '#database';
import { Clock, findAccountHindrance } from '#domain';

const MAX_CACHED = 10_000;
const CACHE_MS = 60_000;
const TOKEN = /^[A-Za-z0-9_-]{20,128}$/;

/** The hash under which a token is stored and looked up; the token itself is stored sealed only. */
export const hashWebhookToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Finds the account of a webhook URL by its secret token. Caches known tokens for a minute, unknown ones never. */
@Injectable()
export class WebhookTokens {
  private readonly known = new Map<string, { accountId: number; until: number }>();

  constructor(
    private readonly accounts: AccountStore,
    private readonly clock: Clock,
  ) {}

  /** The account; undefined for an unknown token, and for an account that is disconnected. */
  async findAccount(token: string): Promise<{ accountId: number } | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const hash = hashWebhookToken(token);
    const now = this.clock.nowMs();
    const cached = this.known.get(hash);
    if (cached && cached.until > now) return { accountId: cached.accountId };
    const account = await this.accounts.findByWebhookTokenHash(hash);
    if (!account || findAccountHindrance(account, 'receive_events', now) !== undefined) return undefined;
    if (this.known.size >= MAX_CACHED) this.known.clear();
    this.known.set(hash, { accountId: account.accountId, until: now + CACHE_MS });
    return { accountId: account.accountId };
  }
}
