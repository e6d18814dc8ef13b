import type { ContactSnapshot } from '#domain';
import type { SyncContext } from '../context.js';
import type { TokenService } from '../tokens/token-service.js';

/** The operator's look at an account's Kommo contacts. */
export class KommoContacts {
  constructor(
    private readonly context: SyncContext,
    private readonly tokens: TokenService,
  ) {}

  /** One page in order of id. `limit` at most 250. */
  async page(
    accountId: number,
    { page, limit }: { page: number; limit: number },
  ): Promise<{ contacts: ContactSnapshot[]; hasNext: boolean }> {
    return this.tokens.withSession(accountId, (session) => this.context.kommo.listContacts(session, { page, limit, orderById: true }));
  }
}
