import fc from 'fast-check';
import type { HeldAddress, VendorAccount } from './vendor-account.js';

/** What people and the network may do; indices are taken modulo what is there. */
export type Step =
  | { readonly do: 'create'; readonly name: number; readonly emails: readonly number[] }
  | { readonly do: 'rename'; readonly contact: number; readonly name: number }
  | { readonly do: 'change'; readonly contact: number; readonly emails: readonly number[] }
  | { readonly do: 'clear' | 'delete' | 'restore'; readonly contact: number }
  | { readonly do: 'unsubscribe'; readonly email: number }
  | { readonly do: 'deliver'; readonly copies: number; readonly order: 'sent' | 'reverse' | 'shuffle' }
  | { readonly do: 'retitle'; readonly title: number }
  | { readonly do: 'lose' | 'reconcile' };

/** Of the account's list in Unisender. */
const TITLES = ['Clients', 'Новости'];
const NAMES = ['Anna', 'Борис', '', 'Zoë 🦊', 'A & B'];
/** The last but one is refused by Unisender (role), the last by us. */
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
/** A life of 3 to 25 steps. */
export const history = fc.array(step, { minLength: 3, maxLength: 25 });

/** In which order waiting hooks are brought, and how often again each of what happens next. */
export interface Delivery {
  readonly copies: number;
  readonly order: 'sent' | 'reverse' | 'shuffle';
}

/** What stands between the vendors and the service. */
export interface Network {
  /** Brings the hooks that wait. */
  deliver(delivery: Delivery): Promise<void>;
  /** Loses the hooks that wait. */
  lose(): Promise<void>;
}

/** A connected account, however its service runs. */
export interface LivingAccount extends VendorAccount {
  /** Resolves when the run has ended. */
  run(mode: 'reconcile'): Promise<unknown>;
  /** Chooses the title of the account's list; resolves when the import has ended. */
  retitle(title: string): Promise<unknown>;
  /** The account's own list in Unisender. */
  listId(): Promise<number>;
}

const ONCE: Delivery = { copies: 0, order: 'sent' };

/** Puts into Unisender who was there before the service, one of them unsubscribed; gives what stands there then. */
export async function addEarlierSubscribers(account: VendorAccount): Promise<Map<string, HeldAddress>> {
  await account.addToUnisender({ email: 'before@example.com', fields: { Name: 'Old' } });
  await account.addToUnisender({ email: 'left@example.com', status: 'unsubscribed' });
  return account.held();
}

/** One account's life, told to the emulated vendors step by step. */
export class Life {
  private readonly contacts: { id: number; isDeleted: boolean }[] = [];
  private wasLost = false;

  constructor(
    private readonly network: Network,
    private readonly account: LivingAccount,
  ) {}

  async live(steps: readonly Step[]): Promise<void> {
    for (const each of steps) await this.take(each);
    await this.network.deliver(ONCE);
    if (this.wasLost) await this.account.run('reconcile');
    await this.network.deliver(ONCE);
  }

  private async take(each: Step): Promise<void> {
    if (each.do === 'create') await this.create(each.name, each.emails);
    else if (each.do === 'unsubscribe') await this.unsubscribe(EMAILS[each.email] ?? '');
    else if (each.do === 'deliver') await this.network.deliver(each);
    else if (each.do === 'reconcile') await this.account.run('reconcile');
    else if (each.do === 'retitle') await this.account.retitle(TITLES[each.title] ?? '');
    else if (each.do === 'lose') await this.lose();
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

  private async lose(): Promise<void> {
    this.wasLost = true;
    await this.network.lose();
  }
}

/** What must be true of an account when nothing is in flight (DESIGN.md 7), told apart from the code that makes it true. */
export async function findBrokenPromises(account: LivingAccount, before: ReadonlyMap<string, HeldAddress>): Promise<string[]> {
  const listId = await account.listId();
  const held = await account.held();
  const living = (await account.contacts()).filter(({ is_deleted }) => !is_deleted).sort((a, b) => a.id - b.id);
  const nameOf = (email: string) => living.find(({ emails }) => emails.includes(email))?.name;
  return EMAILS.flatMap((email) => {
    const now = held.get(email);
    const isOnList = now?.lists.some(({ id }) => id === listId) ?? false;
    const name = isSendable(email) ? nameOf(email) : undefined;
    if (now?.status === 'unsubscribed') return [];
    if (before.get(email)?.status === 'unsubscribed') return [`${email} is ${now?.status ?? 'missing'}, it was unsubscribed`];
    if (now?.lists.some(({ id }) => id !== listId)) return [`${email} is still on a list that the account left`];
    if (name !== undefined)
      return isOnList && (now?.fields['Name'] ?? '') === name
        ? []
        : [`${email} is not on the list as ${JSON.stringify(name)}: ${JSON.stringify(now)}`];
    if (isOnList) return [`${email} is on the list and nobody holds it`];
    if (before.has(email) !== (now !== undefined))
      return [before.has(email) ? `${email} was deleted and was not ours` : `${email} was left behind`];
    return [];
  });
}
