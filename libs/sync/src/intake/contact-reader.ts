import { Injectable } from '@nestjs/common';
import type { ContactSnapshot } from '#domain';
import { KOMMO_PAGE_LIMIT, KommoClient } from '#kommo';
import { TokenService } from '../tokens/token-service.js';

/** One page of contacts in order of id. */
export interface ContactPage {
  readonly contacts: readonly ContactSnapshot[];
  readonly hasNext: boolean;
}

/** Reads contacts from Kommo with the account's tokens. Throws TransientError and AccountBlockedError. */
@Injectable()
export class ContactReader {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
  ) {}

  /** Reads at most 250 contacts by id. Deleted and unknown ones are left out. */
  async readByIds(accountId: number, contactIds: readonly number[]): Promise<Map<number, ContactSnapshot>> {
    const found = await this.tokens.withSession(accountId, (session) => this.kommo.findContactsByIds(session, contactIds));
    return new Map([...found].filter(([, snapshot]) => !snapshot.isDeleted));
  }

  /** Reads a page of 250 contacts; the first page is 1. */
  async readPage(accountId: number, page: number): Promise<ContactPage> {
    return this.tokens.withSession(accountId, (session) =>
      this.kommo.listContacts(session, { page, limit: KOMMO_PAGE_LIMIT, orderById: true }),
    );
  }
}
