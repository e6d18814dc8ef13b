import { Injectable } from '@nestjs/common';
import { type ContactSnapshot, chunksOf, hasErrorCode } from '#domain';
import { KOMMO_PAGE_LIMIT, KommoClient } from '#kommo';
import { TokenService } from '../tokens/token-service.js';

/** One page of contacts in order of id. */
export interface ContactPage {
  readonly contacts: readonly ContactSnapshot[];
  readonly hasNext: boolean;
}

/** Contacts that were asked for by id. An id in none of the maps is deleted or unknown in Kommo. */
export interface FoundContacts {
  readonly existing: ReadonlyMap<number, ContactSnapshot>;
  /** Contacts that Kommo refuses to show, with its reason. They may exist. */
  readonly refused: ReadonlyMap<number, string>;
}

/** Reads contacts from Kommo with the account's tokens. Throws TransientError and AccountBlockedError. */
@Injectable()
export class ContactReader {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
  ) {}

  /** Reads at most 250 contacts by id. When Kommo refuses the request, it is halved until the contact that is refused stands alone. */
  async readByIds(accountId: number, contactIds: readonly number[]): Promise<FoundContacts> {
    if (contactIds.length === 0) return { existing: new Map(), refused: new Map() };
    try {
      const found = await this.tokens.withSession(accountId, (session) => this.kommo.findContactsByIds(session, contactIds));
      return { existing: new Map([...found].filter(([, snapshot]) => !snapshot.isDeleted)), refused: new Map() };
    } catch (error) {
      if (!hasErrorCode(error, 'kommo_rejected')) throw error;
      const [onlyId = 0] = contactIds;
      if (contactIds.length === 1) return { existing: new Map(), refused: new Map([[onlyId, (error as Error).message]]) };
    }
    return this.readHalves(accountId, contactIds);
  }

  /** Reads a page of 250 contacts; the first page is 1. */
  async readPage(accountId: number, page: number): Promise<ContactPage> {
    return this.tokens.withSession(accountId, (session) =>
      this.kommo.listContacts(session, { page, limit: KOMMO_PAGE_LIMIT, orderById: true }),
    );
  }

  private async readHalves(accountId: number, contactIds: readonly number[]): Promise<FoundContacts> {
    const existing = new Map<number, ContactSnapshot>();
    const refused = new Map<number, string>();
    for (const half of chunksOf(contactIds, Math.ceil(contactIds.length / 2))) {
      const found = await this.readByIds(accountId, half);
      for (const [id, contact] of found.existing) existing.set(id, contact);
      for (const [id, reason] of found.refused) refused.set(id, reason);
    }
    return { existing, refused };
  }
}
