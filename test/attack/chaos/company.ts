import { type Random, pick } from '../../../apps/sandbox/src/random.js';
import type { SandboxControl } from '../../support/sandbox-control.js';
import type { ServiceAccount } from '../../support/service-account.js';
import type { HeldAddress } from '../../support/vendor-account.js';

const CONTACTS = 120;
const FOREIGN = 20;
const MASS = 40;
const NAMES = ['Anna', 'Борис', 'Zoë 🦊', 'A & B', 'Œuvre'] as const;
const TITLES = ['Clients', 'Новости', 'News'] as const;

interface Person {
  readonly id: number;
  isDeleted: boolean;
}

/** One company: what its people do in Kommo and Unisender, and what must be true in Unisender after that. */
export class Company {
  private readonly people: Person[] = [];
  /** The addresses that others put into Unisender, as they were. */
  private readonly foreign = new Map<string, HeldAddress>();
  /** Addresses whose owners unsubscribed and did not subscribe again. */
  private readonly refused = new Set<string>();
  /** Lists of others. */
  private readonly otherLists = new Set<number>();
  private renames = 0;
  actions = 0;

  private constructor(
    readonly account: ServiceAccount,
    private readonly control: SandboxControl,
    private readonly random: Random,
  ) {}

  /** Creates contacts in Kommo and preexisting addresses in Unisender, one in five unsubscribed, and connects both. */
  static async create(account: ServiceAccount, control: SandboxControl, random: Random): Promise<Company> {
    const company = new Company(account, control, random);
    await company.prepare();
    return company;
  }

  private async prepare(): Promise<void> {
    const { account } = this;
    const others = await account.addList('Theirs');
    this.otherLists.add(others);
    for (let index = 0; index < FOREIGN; index += 1) {
      const email = `foreign${index}@example.com`;
      const isRefused = index % 5 === 0;
      if (isRefused) this.refused.add(email);
      await account.addToUnisender({ email, lists: [others], fields: { Name: `F${index}` }, ...(isRefused && { status: 'unsubscribed' }) });
    }
    for (const [email, held] of await account.held()) this.foreign.set(email, held);
    const contacts = Array.from({ length: CONTACTS }, () => ({ name: this.newName(), emails: this.chooseEmails() }));
    for (const id of await account.createMany(contacts)) this.people.push({ id, isDeleted: false });
    await account.connect();
  }

  /** Does one thing that people do, by chance. */
  async act(): Promise<void> {
    this.actions += 1;
    const roll = this.random();
    if (roll < 0.15) await this.createContact();
    else if (roll < 0.45) await this.changeContact({ name: this.newName() });
    else if (roll < 0.65) await this.changeContact({ emails: this.chooseEmails() });
    else if (roll < 0.8) await this.deleteOrRestore();
    else if (roll < 0.88) await this.unsubscribe();
    else if (roll < 0.9) await this.changeMany();
    else if (roll < 0.92) await this.loseHooks();
    else if (roll < 0.96) await this.joinOtherList();
    else await this.administrate();
  }

  /** Gives every contact another name. */
  async renameAll(): Promise<void> {
    for (const { id, isDeleted } of this.people) if (!isDeleted) await this.account.change(id, { name: this.newName() });
  }

  /** Returns what is wrong in Unisender when nothing is in flight. Uses no code of the service. */
  async findDifferences(): Promise<string[]> {
    const [held, contacts, listId] = [await this.account.held(), await this.account.contacts(), await this.account.listId()];
    const existing = contacts.filter(({ is_deleted }) => !is_deleted).sort((one, other) => one.id - other.id);
    const names = new Map<string, string>();
    for (const { name, emails } of existing) for (const email of emails) if (!names.has(email)) names.set(email, name);
    const all = new Set([...names.keys(), ...held.keys(), ...this.foreign.keys()]);
    const wrong = [...all].flatMap((email) => this.findWrong(email, held.get(email), { name: names.get(email), listId }));
    return wrong.map((each) => `account ${this.account.accountId}: ${each}`);
  }

  /** Returns the addresses that were sent to a list since the call `since` although their owners refuse. */
  async findSentRefusals(since: number): Promise<string[]> {
    const calls = await this.control.calls('importContacts');
    const sent = calls.filter(({ seq }) => seq > since).map(({ body }) => JSON.stringify(body));
    const ofAccount = sent.filter((body) => body.includes(this.account.unisenderKey));
    return [...this.refused].filter((email) => ofAccount.some((body) => body.includes(`"${email}"`))).map((email) => `${email} was sent`);
  }

  private findWrong(email: string, now: HeldAddress | undefined, wanted: { name: string | undefined; listId: number }): string[] {
    const isActive = now?.status === 'active' || now?.status === 'new';
    const activeLists = isActive ? (now?.lists ?? []).filter(({ status }) => status !== 'unsubscribed').map(({ id }) => id) : [];
    const ours = activeLists.filter((id) => !this.otherLists.has(id));
    const before = this.foreign.get(email);
    const isLost = before !== undefined && !before.lists.every(({ id }) => now?.lists.some((list) => list.id === id));
    if (isLost) return [`${email} of others was deleted or left a list of others: ${JSON.stringify(now)}`];
    if (this.refused.has(email)) return ours.length > 0 ? [`${email} refused and is on list ${ours.join()}`] : [];
    if (wanted.name === undefined) return ours.length > 0 ? [`${email} has no contact and is on list ${ours.join()}`] : [];
    if (ours.length !== 1 || ours[0] !== wanted.listId) return [`${email} is on ${ours.join() || 'no list'} and not on ${wanted.listId}`];
    return now?.fields['Name'] === wanted.name ? [] : [`${email} is named ${now?.fields['Name']} and not ${wanted.name}`];
  }

  private newName(): string {
    this.renames += 1;
    return `${pick(this.random, NAMES)} ${this.renames}`;
  }

  private chooseEmails(): string[] {
    const count = pick(this.random, [0, 1, 1, 1, 2, 3]);
    const choose = () =>
      this.random() < 0.1 ? `foreign${Math.floor(this.random() * FOREIGN)}@example.com` : `p${Math.floor(this.random() * 300)}@example.com`;
    return [...new Set(Array.from({ length: count }, choose))];
  }

  private choosePerson(): Person | undefined {
    return this.people[Math.floor(this.random() * this.people.length)];
  }

  private async createContact(): Promise<void> {
    const id = await this.account.create({ name: this.newName(), emails: this.chooseEmails() });
    this.people.push({ id, isDeleted: false });
  }

  private async changeContact(change: Readonly<Record<string, unknown>>): Promise<void> {
    const person = this.choosePerson();
    if (person && !person.isDeleted) await this.account.change(person.id, change);
  }

  private async deleteOrRestore(): Promise<void> {
    const person = this.choosePerson();
    if (!person) return;
    if (person.isDeleted) await this.account.restore(person.id);
    else await this.account.remove(person.id, { silent: this.random() < 0.1 });
    person.isDeleted = !person.isDeleted;
  }

  private async changeMany(): Promise<void> {
    for (let count = 0; count < MASS; count += 1) await this.changeContact({ name: this.newName() });
  }

  /** The owner of an address on our list leaves this list, or every list. */
  private async unsubscribe(): Promise<void> {
    const listId = await this.account.listId();
    const onList = [...(await this.account.held()).values()].filter(({ lists }) => lists.some(({ id }) => id === listId));
    const chosen = onList[Math.floor(this.random() * onList.length)];
    if (!chosen) return;
    this.refused.add(chosen.email);
    await this.account.unsubscribe(chosen.email, this.random() < 0.5 ? [listId] : undefined);
  }

  private async loseHooks(): Promise<void> {
    await this.control.post('/kommo/hooks/lose', { count: Math.ceil(this.random() * 5) });
  }

  /** The marketer puts an address on a list of others: it must stay there. */
  private async joinOtherList(): Promise<void> {
    const [otherList = 0] = this.otherLists;
    const known = [...(await this.account.held()).values()].filter(({ email, status }) => status === 'active' && !this.refused.has(email));
    const chosen = known[Math.floor(this.random() * known.length)];
    if (!chosen || this.foreign.has(chosen.email)) return;
    await this.account.addToUnisender({ email: chosen.email, lists: [otherList] });
    this.foreign.set(chosen.email, { ...chosen, lists: [{ id: otherList, status: 'active' }] });
  }

  /** The operator starts a reconciliation or moves to another list; the owner renames the list. They may be refused meanwhile. */
  private async administrate(): Promise<void> {
    const roll = this.random();
    const action =
      roll < 0.5
        ? this.account.startRun('reconcile')
        : roll < 0.7
          ? this.account.saveKey({ list_title: pick(this.random, TITLES) })
          : this.renameList();
    await action.catch(() => undefined);
  }

  private async renameList(): Promise<void> {
    const path = `/unisender/accounts/${this.account.unisenderKey}/lists/${await this.account.listId()}`;
    await this.control.send('PATCH', path, { title: `Renamed ${this.newName()}` });
  }
}
