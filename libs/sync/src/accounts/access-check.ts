import { Injectable } from '@nestjs/common';
import { type AccessState, hasErrorCode, ServiceError } from '#domain';
import { KommoClient, KommoUnauthorizedError } from '#kommo';
import { TokenService } from '../tokens/token-service.js';

/** Asks Kommo whether it still accepts the access to an account. */
@Injectable()
export class AccessCheck {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
  ) {}

  /** Uses the stored token, and renews it first when it has expired. `unknown` when Kommo gives no clear response. */
  async run(accountId: number): Promise<AccessState> {
    try {
      const stored = await this.tokens.findStoredSession(accountId);
      if (stored) await this.kommo.getAccount(stored);
      else await this.tokens.refreshNow(accountId);
      return 'accepted';
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const hasEnded = error instanceof KommoUnauthorizedError || error.kind === 'blocked' || hasErrorCode(error, 'access_missing');
      return hasEnded ? 'ended' : 'unknown';
    }
  }
}
