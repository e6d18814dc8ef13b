import { Injectable } from '@nestjs/common';
import type { ContactSnapshot } from '#domain';
import { KommoClient } from '#kommo';
import { TokenService } from '../tokens/token-service.js';

/** Reads the contacts of an account from Kommo for the operator. */
@Injectable()
export class KommoContacts {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
  ) {}

  /** Reads one page in the order of contact ids. Pages start at 1; `limit` is at most 250. */
  async page(
    accountId: number,
    { page, limit }: { page: number; limit: number },
  ): Promise<{ contacts: ContactSnapshot[]; hasNext: boolean }> {
    return this.tokens.withSession(accountId, (session) => this.kommo.listContacts(session, { page, limit, orderBy: 'id' }));
  }
}
