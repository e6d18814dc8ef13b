import { Injectable } from '@nestjs/common';
import { type ContactSnapshot, type ErrorCode, Logger, chunksOf, hasErrorCode, nextCountStep } from '#domain';
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
  /** Contacts that Kommo did not return. They may exist. */
  readonly unread: ReadonlyMap<number, UnreadContact>;
}

/** A contact that Kommo did not return. */
export interface UnreadContact {
  readonly reason: string;
  /** Kommo refused the call for this contact; otherwise it gave no response, or failed. */
  readonly isRefused: boolean;
}

/** Sizes of the parts of a page that Kommo does not return as a whole. Each divides the one before. */
const PART_LIMITS = [KOMMO_PAGE_LIMIT, 50, 10, 2, 1] as const;

/** So many failures in a row are an outage of Kommo. One contact that Kommo cannot return costs at most eight. */
const MAX_FAILURES = 12;

/** One read that is split into smaller parts where Kommo fails. */
class SplitRead {
  private failuresInRow = 0;
  private hasSucceeded = false;
  private firstFailure: Error | undefined;

  /** `outageCodes`: failures that concern everything when no part can be read. */
  constructor(private readonly outageCodes: readonly ErrorCode[]) {}

  /** Returns the failure of a part that must be read in smaller parts. Throws any other, and that of an outage. */
  async attempt<Result>(read: () => Promise<Result>): Promise<Result | Error> {
    try {
      const result = await read();
      this.failuresInRow = 0;
      this.hasSucceeded = true;
      return result;
    } catch (error) {
      if (!(error instanceof Error) || !hasErrorCode(error, 'kommo_unavailable', 'kommo_rejected')) throw error;
      const isOutage = hasErrorCode(error, ...this.outageCodes);
      this.failuresInRow += 1;
      if (isOutage && this.failuresInRow >= MAX_FAILURES) throw error;
      if (isOutage) this.firstFailure ??= error;
      return error;
    }
  }

  /** Throws the first such failure when no part was read: it does not concern single contacts. */
  assertNoOutage(): void {
    if (!this.hasSucceeded && this.firstFailure) throw this.firstFailure;
  }
}

/** Reads contacts from Kommo with the account's tokens. Throws TransientError and AccountBlockedError. */
@Injectable()
export class ContactReader {
  constructor(
    private readonly tokens: TokenService,
    private readonly kommo: KommoClient,
    private readonly logger: Logger,
  ) {}

  /** Reads at most 250 contacts by id. When Kommo fails or refuses to return them, it is asked for halves, down to single contacts. */
  async readByIds(accountId: number, contactIds: readonly number[]): Promise<FoundContacts> {
    const found = { existing: new Map<number, ContactSnapshot>(), unread: new Map<number, UnreadContact>() };
    const split = new SplitRead(['kommo_unavailable']);
    if (contactIds.length > 0) await this.readPart(accountId, contactIds, { split, found });
    split.assertNoOutage();
    return found;
  }

  /** Reads a page of 250 contacts; the first page is 1. When Kommo fails to return it, it is asked for smaller pages. */
  async readPage(accountId: number, page: number): Promise<ContactPage> {
    const split = new SplitRead(['kommo_unavailable', 'kommo_rejected']);
    const found = await this.readPagePart(accountId, page, { level: 0, split });
    split.assertNoOutage();
    return found;
  }

  /**
   * Estimates, within a tenth, how many contacts the account has, of which at least `known` exist: Kommo names no total
   * (reference/kommo.md 4.1). It looks at single contacts, as pages of one. Undefined when Kommo does not return one of them.
   */
  async estimateTotal(accountId: number, known: number): Promise<number | undefined> {
    let range = { known, missing: Infinity };
    for (;;) {
      const step = nextCountStep(range);
      if (step.kind === 'done') return step.estimate;
      const { position } = step;
      const isThere = await this.hasContactAt(accountId, position);
      if (isThere === undefined) return undefined;
      range = isThere ? { ...range, known: position } : { ...range, missing: position };
    }
  }

  /** Reads a page of 250 contacts, the latest change first; the first page is 1. */
  async readNewest(accountId: number, page: number): Promise<ContactPage> {
    return this.tokens.withSession(accountId, (session) =>
      this.kommo.listContacts(session, { page, limit: KOMMO_PAGE_LIMIT, orderBy: 'newest' }),
    );
  }

  private async hasContactAt(accountId: number, position: number): Promise<boolean | undefined> {
    try {
      const { contacts } = await this.tokens.withSession(accountId, (session) =>
        this.kommo.listContacts(session, { page: position, limit: 1, orderBy: 'id' }),
      );
      return contacts.length > 0;
    } catch (error) {
      if (!hasErrorCode(error, 'kommo_unavailable', 'kommo_rejected')) throw error;
      this.logger.debug('number of contacts not estimated', { account_id: accountId, error });
      return undefined;
    }
  }

  private async readPart(
    accountId: number,
    contactIds: readonly number[],
    { split, found }: { split: SplitRead; found: { existing: Map<number, ContactSnapshot>; unread: Map<number, UnreadContact> } },
  ): Promise<void> {
    const result = await split.attempt(() =>
      this.tokens.withSession(accountId, (session) => this.kommo.findContactsByIds(session, contactIds)),
    );
    const [onlyId = 0] = contactIds;
    if (!(result instanceof Error)) {
      for (const [id, snapshot] of result) if (!snapshot.isDeleted) found.existing.set(id, snapshot);
    } else if (contactIds.length === 1) {
      found.unread.set(onlyId, { reason: result.message, isRefused: hasErrorCode(result, 'kommo_rejected') });
    } else {
      for (const half of chunksOf(contactIds, Math.ceil(contactIds.length / 2))) await this.readPart(accountId, half, { split, found });
    }
  }

  private async readPagePart(accountId: number, page: number, { level, split }: { level: number; split: SplitRead }): Promise<ContactPage> {
    const limit = PART_LIMITS[level] ?? 1;
    const result = await split.attempt(() =>
      this.tokens.withSession(accountId, (session) => this.kommo.listContacts(session, { page, limit, orderBy: 'id' })),
    );
    if (!(result instanceof Error)) return result;
    const partLimit = PART_LIMITS[level + 1];
    if (partLimit !== undefined) return this.readParts(accountId, page, { level: level + 1, count: limit / partLimit, split });
    this.logger.warn('Kommo does not list a contact; it is left out', { account_id: accountId, position: page, error: result });
    return { contacts: [], hasNext: true };
  }

  private async readParts(
    accountId: number,
    page: number,
    { level, count, split }: { level: number; count: number; split: SplitRead },
  ): Promise<ContactPage> {
    const contacts: ContactSnapshot[] = [];
    for (let part = 1; part <= count; part += 1) {
      const read = await this.readPagePart(accountId, (page - 1) * count + part, { level, split });
      contacts.push(...read.contacts);
      if (!read.hasNext) return { contacts, hasNext: false };
    }
    return { contacts, hasNext: true };
  }
}
