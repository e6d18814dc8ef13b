import { ContactStore } from './contact-store.js';
import type { EntityType, Tag } from './contact.js';
import type { FieldDictionary } from './fields.js';
import type { Webhook } from './webhook.js';

/** A user of an account. */
export interface KommoUser {
  readonly id: number;
  readonly isAdmin: boolean;
  /** Which contacts the user sees: all, or only those that the user is responsible for. */
  readonly contactsView: 'A' | 'M';
}

/** Properties of an account that never change. */
export interface AccountIdentity {
  readonly id: number;
  readonly name: string;
  readonly domain: string;
  /** Host suffix of `account[_links][self]` in hooks; captures show that it can differ from the account's domain (reference kommo 5.3). */
  readonly hookDomain: string;
  readonly apiDomain: string;
  readonly createdAt: number;
  readonly users: readonly [KommoUser, ...KommoUser[]];
}

/** Properties that the control API can change. */
export interface AccountMode {
  /** False: every API call gets a 402. */
  paid: boolean;
  filtersEnabled: boolean;
  /** False: the plan has no webhooks. */
  webhooksAllowed: boolean;
}

/** A Kommo account with its contacts, companies, webhooks and tags. */
export class KommoAccount {
  readonly contacts = new ContactStore();
  readonly companies = new ContactStore();
  readonly webhooks: Webhook[] = [];
  /** Contacts whose writes through the API are refused. */
  readonly refusedWrites = new Set<number>();
  /** Hosts before its renames. */
  readonly formerHosts = new Set<string>();
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

  /** The contacts or the companies. */
  contactsOf(type: EntityType): ContactStore {
    return type === 'contact' ? this.contacts : this.companies;
  }

  /** Takes the next free id. Contacts and companies share one sequence. */
  takeId(): number {
    return this.nextId++;
  }

  /** Makes later ids higher than this one. */
  reserveId(id: number): void {
    if (id >= this.nextId) this.nextId = id + 1;
  }

  /** The tag with this name. Creates it if necessary. */
  ensureTag(name: string): Tag {
    const id = this.tagIds.get(name) ?? this.tagIds.size + 1001;
    this.tagIds.set(name, id);
    return { id, name };
  }

  /** All tags of the account. */
  listTags(): Tag[] {
    return [...this.tagIds].map(([name, id]) => ({ id, name }));
  }

  /** The tag with this id. Undefined when it does not exist. */
  findTag(id: number): Tag | undefined {
    for (const [name, known] of this.tagIds) if (known === id) return { id, name };
    return undefined;
  }
}
