import { Injectable } from '@nestjs/common';
import { IsNull, LessThanOrEqual, Not } from 'typeorm';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { WebhookTokenEntity, type WebhookVendor } from '../entities/webhook-token.entity.js';
import { selectEntities } from '../entity-sql.js';

/** A new current token. */
export type NewWebhookToken = Pick<WebhookTokenEntity, 'tokenHash' | 'accountId' | 'vendor' | 'token'>;

/** The tokens in the URLs of webhooks. Times are epoch milliseconds. */
@Injectable()
export class WebhookTokenStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Adds a current token. */
  async add(token: NewWebhookToken): Promise<void> {
    await this.database.run(({ manager }) => manager.insert(WebhookTokenEntity, { ...token, validUntil: null, isRegistered: true }));
  }

  /** Returns the token with this hash, or undefined. */
  async findByHash(tokenHash: string): Promise<WebhookTokenEntity | undefined> {
    const [token] = await selectEntities(this.database, WebhookTokenEntity, 'WHERE token_hash = ?', [tokenHash]);
    return token;
  }

  /** Returns the current token of the account for a vendor, or undefined. */
  async findCurrent(accountId: number, vendor: WebhookVendor): Promise<WebhookTokenEntity | undefined> {
    const tail = 'WHERE account_id = ? AND vendor = ? AND valid_until IS NULL LIMIT 1';
    const [token] = await selectEntities(this.database, WebhookTokenEntity, tail, [accountId, vendor]);
    return token;
  }

  /** Makes the current tokens of the account former ones, which are valid until `untilMs`. Earlier former ones end then, too. */
  async retire(accountId: number, untilMs: number): Promise<void> {
    await this.database.run(async ({ manager }) => {
      await manager.update(WebhookTokenEntity, { accountId, validUntil: Not(LessThanOrEqual(untilMs)) }, { validUntil: untilMs });
      await manager.update(WebhookTokenEntity, { accountId, validUntil: IsNull() }, { validUntil: untilMs });
    });
  }

  /** Lists former tokens whose webhook the vendor may still have. */
  async listFormer(accountId: number, vendor: WebhookVendor): Promise<WebhookTokenEntity[]> {
    const tail = 'WHERE account_id = ? AND vendor = ? AND valid_until IS NOT NULL AND is_registered = 1';
    return selectEntities(this.database, WebhookTokenEntity, tail, [accountId, vendor]);
  }

  /** Stores that the vendor has no webhook with this token any more. */
  async markUnregistered(tokenHash: string): Promise<void> {
    await this.database.run(({ manager }) => manager.update(WebhookTokenEntity, { tokenHash }, { isRegistered: false }));
  }

  /** Deletes former tokens that are not valid any more and that the vendor does not use. */
  async deleteEnded(accountId: number): Promise<void> {
    const where = { accountId, isRegistered: false, validUntil: LessThanOrEqual(this.clock.nowMs()) };
    await this.database.run(({ manager }) => manager.delete(WebhookTokenEntity, where));
  }
}
