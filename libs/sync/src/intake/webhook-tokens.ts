import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccountStore, WebhookTokenStore, type WebhookVendor } from '#database';
import { Clock, findAccountHindrance } from '#domain';

const MAX_CACHED = 10_000;
const CACHE_MS = 5_000;
const TOKEN = /^[A-Za-z0-9_-]{20,128}$/;

/** The hash under which a token is stored and looked up; the token itself is stored sealed only. */
export const hashWebhookToken = (token: string): string => createHash('sha256').update(token).digest('hex');

interface KnownToken {
  readonly accountId: number;
  readonly vendor: WebhookVendor;
  readonly untilMs: number;
}

/** Finds the account of a webhook URL by its secret token. Caches known tokens for five seconds, unknown ones never. */
@Injectable()
export class WebhookTokens {
  private readonly known = new Map<string, KnownToken>();

  constructor(
    private readonly store: WebhookTokenStore,
    private readonly accounts: AccountStore,
    private readonly clock: Clock,
  ) {}

  /**
   * The account; undefined for an unknown token, one of the other vendor, one that is not valid any more, and for an account that is
   * disconnected.
   */
  async findAccount(token: string, vendor: WebhookVendor): Promise<{ accountId: number } | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const known = await this.findToken(hashWebhookToken(token));
    return known?.vendor === vendor ? { accountId: known.accountId } : undefined;
  }

  /** Forgets what is cached about an account. Other processes forget it after five seconds. */
  forget(accountId: number): void {
    for (const [hash, known] of this.known) if (known.accountId === accountId) this.known.delete(hash);
  }

  private async findToken(hash: string): Promise<KnownToken | undefined> {
    const nowMs = this.clock.nowMs();
    const cached = this.known.get(hash);
    if (cached && cached.untilMs > nowMs) return cached;
    const stored = await this.store.findByHash(hash);
    const validUntil = stored?.validUntil ?? Infinity;
    if (!stored || validUntil <= nowMs) return undefined;
    const { accountId, vendor } = stored;
    const account = await this.accounts.find(accountId);
    if (findAccountHindrance(account, 'receive_events', nowMs) !== undefined) return undefined;
    if (this.known.size >= MAX_CACHED) this.known.clear();
    const known = { accountId, vendor, untilMs: Math.min(nowMs + CACHE_MS, validUntil) };
    this.known.set(hash, known);
    return known;
  }
}
