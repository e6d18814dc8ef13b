import type { SandboxControl } from './sandbox-control.js';

/** An address in the emulated Unisender. */
export interface HeldAddress {
  readonly email: string;
  readonly status: string;
  readonly lists: readonly { readonly id: number; readonly status: string }[];
  readonly fields: Readonly<Record<string, string>>;
}

/** A contact in the emulated Kommo. */
export interface HeldContact {
  readonly id: number;
  readonly name: string;
  readonly is_deleted: boolean;
  readonly emails: readonly string[];
}

interface KommoContactView {
  readonly id: number;
  readonly name: string;
  readonly is_deleted: boolean;
  readonly custom_fields_values:
    readonly { readonly field_code: string | null; readonly values: readonly { readonly value: string }[] }[] | null;
}

const emailsOf = ({ custom_fields_values }: KommoContactView): string[] =>
  (custom_fields_values ?? []).filter(({ field_code }) => field_code === 'EMAIL').flatMap(({ values }) => values.map(({ value }) => value));

/** One company at the emulated vendors: actions of people in Kommo and Unisender, and the state of both. */
export class VendorAccount {
  constructor(
    protected readonly control: SandboxControl,
    readonly accountId: number,
    readonly unisenderKey: string,
  ) {}

  /** Creates a contact in Kommo. Returns its id. */
  async create(contact: Readonly<Record<string, unknown>>): Promise<number> {
    const { ids } = await this.control.post<{ ids: number[] }>(`/kommo/accounts/${this.accountId}/contacts`, contact);
    return ids[0] ?? 0;
  }

  /** Creates contacts in Kommo. Returns their ids. */
  async createMany(contacts: readonly Readonly<Record<string, unknown>>[]): Promise<number[]> {
    return (await this.control.post<{ ids: number[] }>(`/kommo/accounts/${this.accountId}/contacts`, contacts)).ids;
  }

  /** Changes a contact in Kommo. */
  async change(contactId: number, change: Readonly<Record<string, unknown>>): Promise<void> {
    await this.control.send('PATCH', `/kommo/accounts/${this.accountId}/contacts/${contactId}`, change);
  }

  /** Deletes a contact in Kommo; `silent` without a hook. */
  async remove(contactId: number, { silent = false } = {}): Promise<void> {
    await this.control.send('DELETE', `/kommo/accounts/${this.accountId}/contacts/${contactId}${silent ? '?hooks=0' : ''}`);
  }

  /** Restores a deleted contact in Kommo. */
  async restore(contactId: number): Promise<void> {
    await this.control.post(`/kommo/accounts/${this.accountId}/contacts/${contactId}/restore`);
  }

  /** Unsubscribes an address from everything, or from these lists only, as its owner would. */
  async unsubscribe(email: string, listIds?: readonly number[]): Promise<void> {
    await this.control.post(`/unisender/accounts/${this.unisenderKey}/unsubscribe`, { email, ...(listIds && { list_ids: listIds }) });
  }

  /** Subscribes an address to these lists again, as its owner would. */
  async subscribe(email: string, listIds: readonly number[]): Promise<void> {
    await this.control.post(`/unisender/accounts/${this.unisenderKey}/subscribe`, { email, list_ids: listIds });
  }

  /** Adds a list to the Unisender account. */
  async addList(title: string, id?: number): Promise<number> {
    return (await this.control.post<{ id: number }>(`/unisender/accounts/${this.unisenderKey}/lists`, { title, ...(id && { id }) })).id;
  }

  /** The lists on which the address gets mailings. */
  async mailedLists(email: string): Promise<number[]> {
    const isMailable = (status: string | undefined) => status === 'active' || status === 'new';
    const found = (await this.held()).get(email);
    return isMailable(found?.status) ? (found?.lists ?? []).filter(({ status }) => isMailable(status)).map(({ id }) => id) : [];
  }

  /** Adds a preexisting address to the Unisender account. */
  async addToUnisender(contact: Readonly<Record<string, unknown>>): Promise<void> {
    await this.control.post(`/unisender/accounts/${this.unisenderKey}/contacts`, contact);
  }

  /** All addresses of the Unisender account. */
  async held(): Promise<Map<string, HeldAddress>> {
    const contacts = await this.control.get<HeldAddress[]>(`/unisender/accounts/${this.unisenderKey}/contacts`);
    return new Map(contacts.map((contact) => [contact.email, contact]));
  }

  /** All contacts in Kommo, deleted ones too. */
  async contacts(): Promise<HeldContact[]> {
    const { contacts } = await this.control.get<{ contacts: KommoContactView[] }>(
      `/kommo/accounts/${this.accountId}/contacts?deleted=1&limit=100000`,
    );
    return contacts.map((contact) => ({ id: contact.id, name: contact.name, is_deleted: contact.is_deleted, emails: emailsOf(contact) }));
  }
}
