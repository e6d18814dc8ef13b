import type { JsonClient } from './json-client.js';

/** A contact as the sandbox returns it. */
interface KommoContact {
  readonly id: number;
  readonly name: string;
  readonly custom_fields_values:
    readonly { readonly field_code: string | null; readonly values: readonly { readonly value: string }[] }[] | null;
}

/** An address as the sandbox returns it. */
export interface UnisenderAddress {
  readonly email: string;
  readonly status: string;
  readonly lists: readonly { readonly id: number }[];
  readonly fields: Readonly<Record<string, string>>;
}

/** A contact in Kommo. */
export interface DemoContact {
  readonly id: number;
  readonly name: string;
  readonly emails: readonly string[];
}

/** The companies of the demo. */
export const companies = [
  { accountId: 32_000_001, name: 'Ромашка', subdomain: 'romashka', unisenderKey: 'demo-unisender-key-of-romashka-000000000', seed: 11 },
  { accountId: 32_000_002, name: 'Acme Clinics', subdomain: 'acme', unisenderKey: 'demo-unisender-key-of-acme-0000000000000', seed: 22 },
] as const;

/** A company with its Kommo account and its Unisender key. */
export type Company = (typeof companies)[number];

/** The integration of the demo. */
export const integration = {
  clientId: '5b8f5bb2-6f2c-4c2e-9a43-3f0a1a6f3d10',
  clientSecret: 'demo-client-secret-0123456789abcdef0123456789',
};

const RETRY_AFTER_SECONDS = 5;

const emailsOf = ({ custom_fields_values }: KommoContact): string[] =>
  (custom_fields_values ?? []).filter(({ field_code }) => field_code === 'EMAIL').flatMap(({ values }) => values.map(({ value }) => value));

/** Actions of people at the emulated vendors, and the state there, through the control API of the sandbox. */
export class Vendors {
  constructor(private readonly sandbox: JsonClient) {}

  /** Creates the companies, with contacts in Kommo and preexisting addresses in Unisender. */
  async seed(redirectUri: string, contactsEach: number): Promise<void> {
    const { clientId, clientSecret } = integration;
    // On a busy machine calls may arrive together, although they leave apart. A real Kommo would pause the account for five minutes.
    await this.sandbox.post('/sandbox/switches', { 'kommo.retry_after_seconds': RETRY_AFTER_SECONDS });
    await this.sandbox.post('/sandbox/kommo/integrations', { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri });
    for (const company of companies) {
      const { accountId, name, subdomain, unisenderKey, seed } = company;
      await this.sandbox.post('/sandbox/kommo/accounts', { id: accountId, name, subdomain });
      await this.sandbox.post(`/sandbox/kommo/accounts/${accountId}/contacts`, { count: contactsEach, seed, hooks: false });
      await this.sandbox.post('/sandbox/unisender/accounts', { api_key: unisenderKey, login: `owner@${subdomain}.example` });
      await this.sandbox.post(`/sandbox/unisender/accounts/${unisenderKey}/contacts`, { count: 40, seed });
      await this.seedUnsubscribed(company);
    }
  }

  /** Adds addresses that were unsubscribed before the install. The service must not subscribe them again. */
  private async seedUnsubscribed(company: Company): Promise<void> {
    const contacts = await this.listContacts(company);
    const emails = contacts
      .flatMap((contact) => contact.emails.filter((email) => /^[a-z0-9.]+@example\.(com|org)$/.test(email)))
      .slice(0, 5);
    const unsubscribed = emails.map((email) => ({ email, status: 'unsubscribed' }));
    await this.sandbox.post(`/sandbox/unisender/accounts/${company.unisenderKey}/contacts`, unsubscribed);
  }

  /** Contacts that are not deleted, by ascending id. */
  async listContacts({ accountId }: Company): Promise<DemoContact[]> {
    const { contacts } = await this.sandbox.get<{ contacts: KommoContact[] }>(`/sandbox/kommo/accounts/${accountId}/contacts?limit=100000`);
    return contacts.map((contact) => ({ id: contact.id, name: contact.name, emails: emailsOf(contact) })).sort((a, b) => a.id - b.id);
  }

  /** The addresses of a Unisender account. */
  async listAddresses({ unisenderKey }: Company): Promise<Map<string, UnisenderAddress>> {
    const addresses = await this.sandbox.get<UnisenderAddress[]>(`/sandbox/unisender/accounts/${unisenderKey}/contacts`);
    return new Map(addresses.map((address) => [address.email, address]));
  }

  /** The administrator clicks "Allow". Returns the URL to which Kommo redirects the browser. */
  async allow({ accountId }: Company, state: string): Promise<string> {
    const { redirect } = await this.sandbox.post<{ redirect: string }>(`/sandbox/kommo/accounts/${accountId}/consent`, {
      client_id: integration.clientId,
      state,
    });
    return redirect;
  }

  /** The administrator installs the widget, and Kommo calls the service. */
  async install({ accountId }: Company): Promise<void> {
    await this.sandbox.post(`/sandbox/kommo/accounts/${accountId}/install`, { client_id: integration.clientId });
  }

  /** Makes the changes of an ordinary day: adds, renames, changed addresses, deletes, restores, unsubscribes. */
  async changeContacts(company: Company): Promise<void> {
    const folder = `/sandbox/kommo/accounts/${company.accountId}/contacts`;
    const contacts = await this.listContacts(company);
    const pick = (from: number, count: number) => contacts.slice(from, from + count);
    for (const { id, name } of pick(10, 20)) await this.sandbox.patch(`${folder}/${id}`, { name: `${name} (new)` });
    for (const { id } of pick(40, 10)) await this.sandbox.patch(`${folder}/${id}`, { emails: [`moved${id}@example.com`] });
    for (const { id } of pick(60, 5)) await this.sandbox.patch(`${folder}/${id}`, { emails: [] });
    for (const { id } of pick(70, 12)) await this.sandbox.delete(`${folder}/${id}`);
    for (const { id } of pick(70, 3)) await this.sandbox.post(`${folder}/${id}/restore`);
    for (let index = 0; index < 15; index += 1)
      await this.sandbox.post(folder, { name: `Новый клиент ${index}`, emails: [`new${index}@example.com`] });
    const unsubscribing = [...(await this.listAddresses(company)).values()]
      .filter(({ status, lists }) => status === 'new' && lists.length > 0)
      .slice(-4);
    for (const { email } of unsubscribing)
      await this.sandbox.post(`/sandbox/unisender/accounts/${company.unisenderKey}/unsubscribe`, { email });
  }
}
