import { ContactBook } from './contact-book.js';
import type { EntityType, Tag } from './contact.js';
import type { FieldDictionary } from './fields.js';
import type { Webhook } from './webhook.js';

export interface KommoUser {
  readonly id: number;
  readonly isAdmin: boolean;
}

export interface AccountIdentity {
  readonly id: number;
  readonly name: string;
  readonly domain: string;
  /** Host suffix of `account[_links][self]` in hooks; seen to differ from the account's own (reference kommo 5.3). */
  readonly hookDomain: string;
  readonly apiDomain: string;
  readonly createdAt: number;
  readonly users: readonly [KommoUser, ...KommoUser[]];
}

/** What the control API may change on a living account. */
export interface AccountMode {
  /** False: every API call answers 402. */
  paid: boolean;
  filtersEnabled: boolean;
  /** False: the plan has no webhooks. */
  webhooksAllowed: boolean;
}

/** One Kommo account with everything in it. */
export class KommoAccount {
  readonly contacts = new ContactBook();
  readonly companies = new ContactBook();
  readonly webhooks: Webhook[] = [];
  readonly mode: AccountMode = { paid: true, filtersEnabled: true, webhooksAllowed: true };
  private readonly tagIds = new Map<string, number>();
  private nextId = 20_000_001;

  constructor(
    readonly identity: AccountIdentity,
    public subdomain: string,
    readonly dictionary: FieldDictionary,
  ) {}

  get id(): number {
    return this.identity.id;
  }

  get host(): string {
    return `${this.subdomain}.${this.identity.domain}`;
  }

  get owner(): KommoUser {
    return this.identity.users[0];
  }

  bookOf(type: EntityType): ContactBook {
    return type === 'contact' ? this.contacts : this.companies;
  }

  /** The next free id; contacts and companies share one sequence. */
  takeId(): number {
    return this.nextId++;
  }

  reserveId(id: number): void {
    if (id >= this.nextId) this.nextId = id + 1;
  }

  tagNamed(name: string): Tag {
    const id = this.tagIds.get(name) ?? this.tagIds.size + 1001;
    this.tagIds.set(name, id);
    return { id, name };
  }

  tagWithId(id: number): Tag | undefined {
    for (const [name, known] of this.tagIds) if (known === id) return { id, name };
    return undefined;
  }
}
