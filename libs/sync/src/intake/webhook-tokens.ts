import { createHash } from 'node:crypto';
import type { SyncContext } from '../context.js';

const MAX_CACHED = 10_000;
const CACHE_MS = 60_000;
const TOKEN = /^[A-Za-z0-9_-]{20,128}$/;

/** Tokens are kept and looked up by their hash only. */
export const hashWebhookToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Finds the account behind the unguessable part of a webhook URL; known ones are remembered for a minute, unknown ones never. */
export class WebhookTokens {
  private readonly known = new Map<string, { accountId: number; until: number }>();

  constructor(private readonly context: SyncContext) {}

  /** The account, or undefined for a token that is not ours or whose account is disconnected. */
  async find(token: string): Promise<{ accountId: number } | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const hash = hashWebhookToken(token);
    const now = this.context.clock.nowMs();
    const cached = this.known.get(hash);
    if (cached && cached.until > now) return { accountId: cached.accountId };
    const account = await this.context.stores.accounts.findByWebhookTokenHash(hash);
    if (!account || account.status === 'disconnected') return undefined;
    if (this.known.size >= MAX_CACHED) this.known.clear();
    this.known.set(hash, { accountId: account.accountId, until: now + CACHE_MS });
    return { accountId: account.accountId };
  }
}
