import fc from 'fast-check';
import type { HeldAddress, VendorAccount } from './vendor-account.js';

/** One step of a history: an action of people or of the network. Indices are taken modulo the number of items. */
export type Step =
  | { readonly do: 'create'; readonly name: number; readonly emails: readonly number[] }
  | { readonly do: 'rename'; readonly contact: number; readonly name: number }
  | { readonly do: 'change'; readonly contact: number; readonly emails: readonly number[] }
  | { readonly do: 'clear' | 'delete' | 'restore'; readonly contact: number }
  | { readonly do: 'unsubscribe'; readonly email: number }
  | { readonly do: 'deliver'; readonly copies: number; readonly order: 'sent' | 'reverse' | 'shuffle' }
  | { readonly do: 'retitle'; readonly title: number }
  | { readonly do: 'lose' | 'reconcile' };

/** Titles of the account's list in Unisender. */
const TITLES = ['Clients', 'Новости'];
const NAMES = ['Anna', 'Борис', '', 'Zoë 🦊', 'A & B'];
/** Unisender refuses the last but one (role address). This service refuses the last one. */
const EMAILS = [
  'a@example.com',
  'b@example.com',
  'c@example.com',
  'd+tag@example.com',
  'before@example.com',
  'left@example.com',
  'info@example.com',
  '444',
];
const isSendable = (email: string) => email.includes('@') && !email.startsWith('info@');

const emailIndices = fc.uniqueArray(fc.nat(EMAILS.length - 1), { maxLength: 3 });
const contact = fc.nat(7);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), name: fc.nat(NAMES.length - 1), emails: emailIndices }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), contact, name: fc.nat(NAMES.length - 1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('change' as const), contact, emails: emailIndices }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'delete' as const, 'restore' as const), contact }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), email: fc.nat(EMAILS.length - 1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      copies: fc.nat(2),
      order: fc.constantFrom('sent' as const, 'reverse' as const, 'shuffle' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retitle' as const), title: fc.nat(TITLES.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'reconcile' as const) }) },
);
/** A history of 3 to 25 steps. */
export const history = fc.array(step, { minLength: 3, maxLength: 25 });

/** The order of the waiting hooks, and the number of extra copies of later hooks. */
export interface Delivery {
  readonly copies: number;
  readonly order: 'sent' | 'reverse' | 'shuffle';
}

/** The network between the vendors and the service. */
export interface Network {
  /** Delivers the waiting hooks. */
  deliver(delivery: Delivery): Promise<void>;
  /** Drops the waiting hooks. */
  lose(): Promise<void>;
}

/** A connected account, with a service in this process or in others. */
export interface ConnectedAccount extends VendorAccount {
  /** Runs a reconciliation and waits for its end. */
  run(mode: 'reconcile'): Promise<unknown>;
  /** Changes the title of the account's list and waits for the end of the import. */
  retitle(title: string): Promise<unknown>;
  /** Confirms the removals that wait for it, and waits for the end of that run. */
  confirmRemovals(): Promise<void>;
  /** The id of the account's list in Unisender. */
  listId(): Promise<number>;
}

const ONCE: Delivery = { copies: 0, order: 'sent' };

/** Adds preexisting addresses to Unisender, one of them unsubscribed. Returns all addresses there. */
export async function addPreexistingAddresses(account: VendorAccount): Promise<Map<string, HeldAddress>> {
  await account.addToUnisender({ email: 'before@example.com', fields: { Name: 'Old' } });
  await account.addToUnisender({ email: 'left@example.com', status: 'unsubscribed' });
  return account.held();
}

/** Applies a history to one account at the emulated vendors. */
export class HistoryPlayer {
  private readonly contacts: { id: number; isDeleted: boolean }[] = [];
  private hasLostHooks = false;

  constructor(
    private readonly network: Network,
    private readonly account: ConnectedAccount,
  ) {}

  /** Applies all steps, then delivers the waiting hooks, reconciles if hooks were lost, and confirms the removals that wait for it. */
  async play(steps: readonly Step[]): Promise<void> {
    for (const each of steps) await this.apply(each);
    await this.network.deliver(ONCE);
    if (this.hasLostHooks) await this.account.run('reconcile');
    await this.network.deliver(ONCE);
    await this.account.confirmRemovals();
  }

  private async apply(each: Step): Promise<void> {
    if (each.do === 'create') await this.create(each.name, each.emails);
    else if (each.do === 'unsubscribe') await this.unsubscribe(EMAILS[each.email] ?? '');
    else if (each.do === 'deliver') await this.network.deliver(each);
    else if (each.do === 'reconcile') await this.account.run('reconcile');
    else if (each.do === 'retitle') await this.account.retitle(TITLES[each.title] ?? '');
    else if (each.do === 'lose') await this.loseHooks();
    else if ('contact' in each) await this.changeContact(each);
  }

  private async create(name: number, emails: readonly number[]): Promise<void> {
    const id = await this.account.create({ name: NAMES[name], emails: emails.map((index) => EMAILS[index]) });
    this.contacts.push({ id, isDeleted: false });
  }

  private async changeContact(each: Extract<Step, { contact: number }>): Promise<void> {
    const chosen = this.contacts[each.contact % Math.max(1, this.contacts.length)];
    if (!chosen || chosen.isDeleted !== (each.do === 'restore')) return;
    if (each.do === 'rename') await this.account.change(chosen.id, { name: NAMES[each.name] });
    if (each.do === 'change') await this.account.change(chosen.id, { emails: each.emails.map((index) => EMAILS[index]) });
    if (each.do === 'clear') await this.account.change(chosen.id, { emails: [] });
    if (each.do === 'delete') await this.account.remove(chosen.id);
    if (each.do === 'restore') await this.account.restore(chosen.id);
    chosen.isDeleted = each.do === 'delete';
  }

  private async unsubscribe(email: string): Promise<void> {
    if ((await this.account.held()).has(email)) await this.account.unsubscribe(email);
  }

  private async loseHooks(): Promise<void> {
    this.hasLostHooks = true;
    await this.network.lose();
  }
}

/**
 * Lists the violations of the in-sync promise (DESIGN.md 7) when nothing is in flight. It does not use the code of the service.
 */
export async function findBrokenPromises(account: ConnectedAccount, before: ReadonlyMap<string, HeldAddress>): Promise<string[]> {
  const listId = await account.listId();
  const held = await account.held();
  const existing = (await account.contacts()).filter(({ is_deleted }) => !is_deleted).sort((a, b) => a.id - b.id);
  const nameOf = (email: string) => existing.find(({ emails }) => emails.includes(email))?.name;
  return EMAILS.flatMap((email) => {
    const now = held.get(email);
    const isOnList = now?.lists.some(({ id }) => id === listId) ?? false;
    const name = isSendable(email) ? nameOf(email) : undefined;
    if (now?.status === 'unsubscribed') return [];
    if (before.get(email)?.status === 'unsubscribed') return [`${email} is ${now?.status ?? 'missing'}, it was unsubscribed`];
    if (now?.lists.some(({ id }) => id !== listId)) return [`${email} is still on a list that the account left`];
    // An empty name does not overwrite a name that was there before.
    const allowedNames = name === '' ? ['', before.get(email)?.fields['Name']] : [name];
    if (name !== undefined)
      return isOnList && allowedNames.includes(now?.fields['Name'] ?? '')
        ? []
        : [`${email} is not on the list as ${JSON.stringify(name)}: ${JSON.stringify(now)}`];
    if (isOnList) return [`${email} is on the list but no contact has it`];
    if (before.has(email) !== (now !== undefined))
      return [before.has(email) ? `${email} was deleted although it was preexisting` : `${email} was not deleted`];
    return [];
  });
}
