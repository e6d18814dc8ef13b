import type { UnisenderAccount } from '../../apps/sandbox/src/unisender/account.js';
import { fieldsOf } from '../../apps/sandbox/src/unisender/contact.js';

/**
 * The oracle: a small model of what people want and of what the service may know. It judges the effects at the vendors. It shares no
 * code with the service, and knows nothing of its database.
 */

/** An address in a Unisender account at one moment. */
export interface SeenAddress {
  readonly id: number;
  readonly status: string;
  /** Lists by id; true: unsubscribed from the list. */
  readonly lists: ReadonlyMap<number, boolean>;
  readonly fields: Readonly<Record<string, string>>;
}

/** A Unisender account at one moment. */
export type SeenAccount = ReadonlyMap<string, SeenAddress>;

/** Copies the state of an account. */
export const lookAt = (account: UnisenderAccount): SeenAccount =>
  new Map(
    [...account.all()].map((contact) => [
      contact.email,
      {
        id: contact.id,
        status: contact.status,
        lists: new Map(contact.memberships.map(({ listId, unsubscribed }) => [listId, unsubscribed])),
        fields: fieldsOf(contact),
      },
    ]),
  );

interface Refusal {
  readonly atMs: number;
  readonly account: UnisenderAccount;
  /** Undefined: of the whole Unisender account. */
  readonly listId: number | undefined;
  /** When the service accepted an event about it. */
  knownAtMs: number | undefined;
  /** When the service received a response of Unisender that shows it. */
  seenAtMs: number | undefined;
}

/** An event of Unisender that the service accepted. */
export interface AcceptedEvent {
  readonly name: string;
  readonly email: string;
  /** The lists that the address left; undefined when the event does not say. */
  readonly leftListIds?: readonly number[] | undefined;
}

/** What the oracle knows of one Kommo account. */
interface Client {
  readonly accountId: number;
  unisender: UnisenderAccount;
  /** Unisender accounts that it used before. */
  readonly former: Set<UnisenderAccount>;
  /** When the latest decision was made that moves addresses to another list. */
  decidedAtMs: number;
  /** Until then a worker whose lease a new setting ended may receive responses that it may not store. */
  supersededUntilMs: number;
  /** When a new key was saved that proved nothing. What calls that were sent before do later is unknown to the service. */
  forgottenAtMs: number;
  /** Refusals that stand, by address. */
  readonly refusals: Map<string, Refusal[]>;
  /** Addresses that refused at any time. */
  readonly everRefused: Set<string>;
  /** Removals of the last hour that neither a hook nor a confirmation explains. */
  removals: { readonly atMs: number; readonly email: string }[];
  confirmed: Confirmed;
}

/** The removals that the last confirmation allows and that were not made yet. */
interface Confirmed {
  /** Addresses that the operator saw. */
  readonly shown: Set<string>;
  /** The number of addresses that the operator did not see. */
  others: number;
}

/** Where an address came from. */
interface Origin {
  isOurs: boolean;
  /**
   * It was ours when it was deleted by hand, and the service has not been shown that since: only its time of creation shows that others
   * created it.
   */
  isDeletedUnseen: boolean;
  /** When the service sent its last row for a list. */
  sentAtMs: number;
  /** Others created it so long after the service sent a row that its time of creation proves it. */
  isProvenByTime: boolean;
  /** When the service was shown that it was deleted by hand. */
  deletionShownAtMs: number;
  /** When it stopped being ours: a call that was sent before may still delete it. */
  lostAtMs: number;
  /** When others put the address on each list. */
  readonly listedByOthers: Map<number, number>;
  /** The last value of each field that the service wrote. */
  readonly written: Map<string, string>;
  /** When the service wrote a field last. */
  writtenAtMs: number;
  /** Fields of which the service cannot know that it wrote them: its key proves nothing any more, or the response was lost. */
  readonly forgotten: Set<string>;
  /** When responses showed the address to the service, and when these were received. */
  readonly looks: { readonly seenAtMs: number; readonly receivedAtMs: number }[];
}

/** What a response shows of a Unisender account. */
interface Shown {
  readonly account: UnisenderAccount;
  readonly seen: SeenAccount;
  /** When Unisender made the response; it arrives later. */
  readonly seenAtMs: number;
}

/** A call of the service with its effect on one Unisender account. */
export interface Effect {
  readonly account: UnisenderAccount;
  readonly method: string;
  readonly before: SeenAccount;
  readonly after: SeenAccount;
  readonly sentAtMs: number;
  /** Whether the service received the response. */
  readonly isKnown: boolean;
}

/** Why an address should be in or out, as the truth in Kommo says. */
export type Wanted = 'keep' | 'drop' | 'filtered';

const MAILABLE = new Set(['new', 'active', 'invited', 'inactive', 'activation_requested']);
const MIN_LIMIT = 10;
const LIMIT_PART = 0.2;
const HOUR_MS = 3_600_000;
/** A row is sent within the limit of a call, and clocks may differ by minutes. */
const LATEST_CREATION_MS = 40 * 60_000;
/** A response that is older was stored by the process that received it. */
const UNSTORED_MS = 60_000;

const isActive = (address: SeenAddress | undefined, listId: number): boolean =>
  address !== undefined && MAILABLE.has(address.status) && address.lists.get(listId) === false;

/** Judges what the service does at the vendors. */
export class Oracle {
  /** What was wrong, in order. */
  readonly problems: string[] = [];
  /** How much happened, so that a quiet history is noticed. */
  readonly counts = { joined: 0, deleted: 0, left: 0, refusals: 0, calls: 0 };
  private readonly clients = new Map<number, Client>();
  private readonly owners = new Map<number, number>();
  /** A list that was created without a response, or just before a crash, is not known to the service until it is used. */
  private readonly used = new Set<number>();
  private readonly origins = new Map<UnisenderAccount, Map<string, Origin>>();
  /** Memberships that the service made, `<list>/<email>`, and when it sent the call. */
  private readonly madeByUs = new Map<string, number>();
  private readonly deletedLate = new Set<string>();
  private readonly removedAtMs = new Map<string, number>();
  /** Finds what Kommo wants for an address of an account. */
  wantedBy: (accountId: number, email: string) => Wanted = () => 'keep';
  /** Whether Unisender shows when it got an address. */
  showsTimes: () => boolean = () => true;

  constructor(private readonly nowMs: () => number) {}

  addClient(accountId: number, unisender: UnisenderAccount): void {
    this.clients.set(accountId, {
      accountId,
      unisender,
      former: new Set(),
      decidedAtMs: 0,
      supersededUntilMs: 0,
      forgottenAtMs: Number.NEGATIVE_INFINITY,
      refusals: new Map(),
      everRefused: new Set<string>(),
      removals: [],
      confirmed: { shown: new Set(), others: 0 },
    });
  }

  /** The account uses another Unisender account from now on. */
  moveClient(accountId: number, unisender: UnisenderAccount): void {
    const client = this.clientOf(accountId);
    client.former.add(client.unisender);
    client.unisender = unisender;
    client.decidedAtMs = this.nowMs();
  }

  /** A key or setting is being saved: from some moment on, a worker that still waits for responses has lost its lease. */
  noteSaving(accountId: number): void {
    const client = this.clientOf(accountId);
    client.supersededUntilMs = Number.POSITIVE_INFINITY;
    this.forgetWrittenSince(this.nowMs() - UNSTORED_MS, [...(this.origins.get(client.unisender)?.values() ?? [])]);
  }

  /** The key or setting was saved, or that failed. */
  noteSaved(accountId: number): void {
    this.clientOf(accountId).supersededUntilMs = this.nowMs() + UNSTORED_MS;
  }

  /** The owner decided at `atMs` where people belong: what Unisender could show before is regarded from now on. */
  noteDecision(accountId: number, atMs: number): void {
    this.clientOf(accountId).decidedAtMs = atMs;
  }

  /** The list belongs to the account, now and for ever. */
  noteList(listId: number, accountId: number): void {
    this.owners.set(listId, accountId);
  }

  /** The service put somebody on the list. */
  noteUse(listId: number): void {
    this.used.add(listId);
  }

  ownerOf(listId: number): number | undefined {
    return this.owners.get(listId);
  }

  /** The operator allows the removals that wait: `planned` of them, among these the addresses `samples`. */
  noteConfirmation(accountId: number, planned: number, samples: readonly string[]): void {
    this.clientOf(accountId).confirmed = { shown: new Set(samples), others: Math.max(0, planned - samples.length) };
  }

  /** A run begins: it counts the removals that it decides, and none of before. */
  noteRun(accountId: number): void {
    const client = this.clients.get(accountId);
    if (client) client.removals = [];
  }

  /** The operator has the address erased, also when contacts hold it. The service does not know it any more. */
  noteErasure(accountId: number, email: string): void {
    const { confirmed, unisender } = this.clientOf(accountId);
    confirmed.shown.add(email);
    const { written, forgotten } = this.originOf(unisender, email);
    for (const name of written.keys()) forgotten.add(name);
    for (const [listId, owner] of this.owners) if (owner === accountId) this.madeByUs.delete(`${listId}/${email}`);
  }

  /** A recipient refuses: everything, or mail of lists. */
  refuse(account: UnisenderAccount, email: string, refused: { readonly isGlobal: boolean; readonly listIds: readonly number[] }): void {
    this.counts.refusals += 1;
    for (const client of this.clientsOf(account)) {
      const own = refused.listIds.filter((listId) => this.owners.get(listId) === client.accountId);
      if (refused.isGlobal) this.addRefusal(client, account, email, undefined);
      for (const listId of own) {
        if (this.used.has(listId)) this.addRefusal(client, account, email, listId);
        else client.everRefused.add(email);
      }
    }
    // A client that left the account may still learn of the refusal, and then respects it.
    for (const { former, everRefused } of this.clients.values()) if (former.has(account)) everRefused.add(email);
  }

  /** A recipient subscribes to lists, and is active in the account. */
  subscribe(account: UnisenderAccount, email: string, listIds: readonly number[]): void {
    for (const client of this.clientsOf(account)) {
      const hasOwn = listIds.some((listId) => this.owners.get(listId) === client.accountId);
      const left = (client.refusals.get(email) ?? []).filter(({ listId }) => listId !== undefined && !hasOwn);
      client.refusals.set(email, left);
    }
  }

  /** Others created the address, or put it on lists. */
  noteOthers(account: UnisenderAccount, email: string, listIds: readonly number[], isNew: boolean): void {
    const origin = this.originOf(account, email);
    if (isNew) {
      this.loseOrigin(origin);
      origin.isProvenByTime = this.showsTimes() && this.nowMs() > origin.sentAtMs + LATEST_CREATION_MS;
      origin.written.clear();
    }
    for (const listId of listIds) {
      origin.listedByOthers.set(listId, this.nowMs());
      this.madeByUs.delete(`${listId}/${email}`);
    }
  }

  /** Somebody deletes the address in Unisender. */
  noteHandDelete(account: UnisenderAccount, email: string): void {
    const origin = this.originOf(account, email);
    origin.isDeletedUnseen ||= origin.isOurs;
    this.loseOrigin(origin);
  }

  /**
   * The service accepted an event about the refusal of an address. An event that does not name its lists counts for every account that
   * receives it. One that names only lists of others says nothing, although the address may have refused everything.
   */
  noteEvent(accountId: number, { name, email, leftListIds }: AcceptedEvent): void {
    if (name !== 'unsubscribe' && name !== 'email_status') return;
    if (name === 'unsubscribe' && leftListIds === undefined) this.clientOf(accountId).everRefused.add(email);
    if (name === 'unsubscribe' && leftListIds?.every((listId) => this.owners.get(listId) !== accountId)) return;
    for (const refusal of this.clientOf(accountId).refusals.get(email) ?? []) refusal.knownAtMs ??= this.nowMs();
  }

  /** Returns what a response that is made now shows. */
  show(account: UnisenderAccount): Shown {
    return { account, seen: lookAt(account), seenAtMs: this.nowMs() };
  }

  /**
   * The service received a response that shows these addresses of a Unisender account as they were at a time. Where several accounts use
   * it, none knows what another one saw.
   */
  noteLook({ account, seen, seenAtMs }: Shown, emails: Iterable<string>): void {
    for (const email of emails) {
      const origin = this.originOf(account, email);
      origin.looks.push({ seenAtMs, receivedAtMs: this.nowMs() });
      const isShownDeleted = !seen.has(email) && origin.isDeletedUnseen && this.usersOf(account).length === 1;
      if (isShownDeleted) Object.assign(origin, { isDeletedUnseen: false, deletionShownAtMs: this.nowMs() });
      for (const refusal of this.refusalsShownTo(account, email))
        if (isVisible(refusal, seen.get(email))) refusal.seenAtMs ??= this.nowMs();
    }
  }

  /** The service received a whole export: it shows also what the account does not have. */
  noteExport(shown: Shown): void {
    const { account, seen } = shown;
    this.noteLook(shown, new Set([...seen.keys(), ...(this.origins.get(account)?.keys() ?? [])]));
  }

  /** A process died, or stopped for longer than its lease: it may have stored nothing of what its last responses showed. */
  noteDeath(): void {
    const since = this.nowMs() - UNSTORED_MS;
    for (const { refusals } of this.clients.values()) {
      for (const refusal of [...refusals.values()].flat()) if ((refusal.seenAtMs ?? 0) >= since) refusal.seenAtMs = undefined;
    }
    const origins = [...this.origins.values()].flatMap((ofAccount) => [...ofAccount.values()]);
    this.forgetWrittenSince(since, origins);
    for (const origin of origins) {
      if (origin.deletionShownAtMs >= since) origin.isDeletedUnseen = true;
    }
  }

  /** Judges the rows of a call before it has an effect: a refusal that the service knows must not be sent. */
  judgeRows(rows: readonly { readonly email: string; readonly listIds: readonly number[] }[], sentAtMs: number): void {
    this.counts.calls += 1;
    for (const { email, listIds } of rows) {
      for (const listId of listIds) {
        const owner = this.owners.get(listId);
        const client = owner === undefined ? undefined : this.clients.get(owner);
        if (client) this.originOf(client.unisender, email).sentAtMs = sentAtMs;
        const known = (client?.refusals.get(email) ?? []).find(({ knownAtMs }) => knownAtMs !== undefined && knownAtMs < sentAtMs);
        if (known) this.report('consent', `${email} was sent to list ${listId} although an event had said that it refused`);
      }
    }
  }

  /** Judges what a call changed. */
  judge(effect: Effect): void {
    for (const [email, before] of effect.before) this.judgeChange(effect, email, before, effect.after.get(email));
    for (const [email, after] of effect.after) if (!effect.before.has(email)) this.judgeNew(effect, email, after);
  }

  /** Whether the address refused at any time. */
  hasEverRefused(accountId: number, email: string): boolean {
    return this.clientOf(accountId).everRefused.has(email);
  }

  /** Whether a delete that was sent before another account's put took effect after it. Only a reconciliation of that account sees it. */
  wasDeletedLate(email: string): boolean {
    return this.deletedLate.has(email);
  }

  /** Whether the service put the address on the list. */
  isMadeByUs(listId: number, email: string): boolean {
    return this.madeByUs.has(`${listId}/${email}`);
  }

  /** Whether the service wrote this field of the address. */
  hasWritten(account: UnisenderAccount, email: string, field: string): boolean {
    const { written, forgotten } = this.originOf(account, email);
    return written.has(field) && !forgotten.has(field);
  }

  /** Whether the service wrote this value of the address, and nobody another one since. */
  wroteLast(account: UnisenderAccount, email: string, field: string, value: string): boolean {
    return this.originOf(account, email).written.get(field) === value;
  }

  /** Whether another account of the service used this Unisender account before: it may have written values there. */
  isLeftByAnother(accountId: number, account: UnisenderAccount): boolean {
    return [...this.clients.values()].some((client) => client.accountId !== accountId && client.former.has(account));
  }

  /**
   * Whether a new key of the account shows that it is the one that the service knows: the list has the title that the service saw last,
   * or an address is on a list of the account because of the service.
   */
  isRecognised(accountId: number, account: UnisenderAccount, list: { readonly id: number | null; readonly title: string | null }): boolean {
    if (list.id !== null && account.lists.get(list.id)?.title === list.title) return true;
    const isOurs = (email: string, listId: number) => this.owners.get(listId) === accountId && this.isMadeByUs(listId, email);
    return [...account.all()].some(({ email, memberships }) => memberships.some(({ listId }) => isOurs(email, listId)));
  }

  /** The service cannot know any more what it did: its new key of the account proves nothing. */
  forget(accountId: number, account: UnisenderAccount): void {
    this.clientOf(accountId).forgottenAtMs = this.nowMs();
    for (const { written, forgotten } of this.origins.get(account)?.values() ?? []) {
      for (const name of written.keys()) forgotten.add(name);
    }
  }

  report(area: string, problem: string): void {
    this.problems.push(`${area}: ${problem} (at ${new Date(this.nowMs()).toISOString()})`);
  }

  private judgeNew(effect: Effect, email: string, after: SeenAddress): void {
    const origin = this.originOf(effect.account, email);
    origin.isOurs = true;
    origin.isDeletedUnseen = false;
    origin.isProvenByTime = false;
    origin.listedByOthers.clear();
    origin.written.clear();
    this.judgeFields(effect, email, {}, after.fields);
    this.judgeLists(effect, email, undefined, after);
  }

  private judgeChange(effect: Effect, email: string, before: SeenAddress, after: SeenAddress | undefined): void {
    if (!after) return this.judgeDelete(effect, email, before);
    if (after.status !== before.status) this.report('consent', `${effect.method} changed the status of ${email} to ${after.status}`);
    this.judgeFields(effect, email, before.fields, after.fields);
    this.judgeLists(effect, email, before, after);
  }

  private forgetWrittenSince(sinceMs: number, origins: readonly Origin[]): void {
    for (const { writtenAtMs, written, forgotten } of origins) {
      if (writtenAtMs >= sinceMs) for (const name of written.keys()) forgotten.add(name);
    }
  }

  private judgeFields({ account, isKnown }: Effect, email: string, before: SeenAddress['fields'], after: SeenAddress['fields']): void {
    const origin = this.originOf(account, email);
    const { written, forgotten } = origin;
    origin.writtenAtMs = this.nowMs();
    const isSuperseded = this.clientsOf(account).some(({ supersededUntilMs }) => supersededUntilMs > this.nowMs());
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (before[name] === after[name]) continue;
      if (isKnown && !isSuperseded) forgotten.delete(name);
      else forgotten.add(name);
      const isErased = after[name] === undefined && before[name] !== undefined && written.get(name) !== before[name];
      if (isErased) this.report('removal', `the value of ${name} of ${email} was erased, and the service had not written it`);
      if (after[name] === undefined) written.delete(name);
      else written.set(name, after[name]);
    }
  }

  private judgeLists(effect: Effect, email: string, before: SeenAddress | undefined, after: SeenAddress): void {
    for (const listId of after.lists.keys()) {
      if (before?.lists.has(listId)) continue;
      this.counts.joined += 1;
      const owner = this.owners.get(listId);
      const isForgotten = owner !== undefined && effect.sentAtMs <= this.clientOf(owner).forgottenAtMs;
      if (!isForgotten) this.madeByUs.set(`${listId}/${email}`, effect.sentAtMs);
      if (owner === undefined) this.report('removal', `${email} was put on list ${listId}, which is not ours`);
    }
    for (const [listId, owner] of this.owners) {
      if (!isActive(before, listId) && isActive(after, listId)) this.judgeActivation(effect, email, before, owner);
    }
    for (const listId of before?.lists.keys() ?? []) {
      if (after.lists.has(listId)) continue;
      this.judgeLeave(effect, email, listId);
    }
  }

  private judgeActivation({ sentAtMs, account }: Effect, email: string, before: SeenAddress | undefined, owner: number): void {
    const client = this.clientOf(owner);
    for (const refusal of client.refusals.get(email) ?? []) {
      const isKnown = refusal.knownAtMs !== undefined && refusal.knownAtMs < sentAtMs;
      const isSeen = refusal.seenAtMs !== undefined && refusal.seenAtMs < sentAtMs;
      const isShown = refusal.account === account && isVisible(refusal, before) && refusal.atMs < Math.min(client.decidedAtMs, sentAtMs);
      if (!isKnown && !isSeen && !isShown) continue;
      const how = isKnown ? 'an event said so' : isSeen ? 'Unisender had shown it' : 'an export after the decision shows it';
      const scope = refusal.listId === undefined ? 'everything' : `list ${refusal.listId}`;
      this.report('consent', `${email} receives mail of account ${owner} again; it refused ${scope}; ${how}`);
    }
  }

  private judgeLeave(effect: Effect, email: string, listId: number): void {
    this.counts.left += 1;
    const owner = this.owners.get(listId);
    if (owner === undefined) return this.report('removal', `${email} was taken off list ${listId}, which is not ours`);
    const madeAtMs = this.madeByUs.get(`${listId}/${email}`) ?? Number.POSITIVE_INFINITY;
    this.madeByUs.delete(`${listId}/${email}`);
    if (this.isOnAnotherListOf(owner, effect.after.get(email))) return;
    this.countRemoval(effect, email, owner, madeAtMs);
  }

  /** A move to another list is no removal. */
  private isOnAnotherListOf(owner: number, after: SeenAddress | undefined): boolean {
    return [...(after?.lists.keys() ?? [])].some((listId) => this.owners.get(listId) === owner);
  }

  private judgeDelete(effect: Effect, email: string, before: SeenAddress): void {
    this.counts.deleted += 1;
    const origin = this.originOf(effect.account, email);
    const wasOursWhenSent = origin.lostAtMs >= effect.sentAtMs;
    const isExcused = origin.isDeletedUnseen && !origin.isProvenByTime;
    if (!origin.isOurs && !isExcused && !wasOursWhenSent)
      this.report('removal', `${email} was deleted, and the service had not created it`);
    const owners = new Map<number, number>();
    for (const listId of before.lists.keys()) {
      const owner = this.owners.get(listId);
      const listedAtMs = origin.listedByOthers.get(listId) ?? 0;
      const madeAtMs = this.madeByUs.get(`${listId}/${email}`);
      if (owner !== undefined && (madeAtMs ?? 0) < effect.sentAtMs) owners.set(owner, madeAtMs ?? Number.POSITIVE_INFINITY);
      else if (owner !== undefined) this.deletedLate.add(email);
      else if (origin.looks.some(({ seenAtMs, receivedAtMs }) => listedAtMs < seenAtMs && receivedAtMs <= effect.sentAtMs))
        this.report('removal', `${email} was deleted while it was on list ${listId}, which is not ours`);
      this.madeByUs.delete(`${listId}/${email}`);
    }
    if ([...before.lists.values()].includes(true) || !MAILABLE.has(before.status)) this.judgeDeletedRefusal(effect, email);
    if (owners.size > 1) this.report('removal', `${email} was deleted while another account keeps it on its list`);
    for (const [owner, madeAtMs] of owners) this.countRemoval(effect, email, owner, madeAtMs);
    origin.listedByOthers.clear();
    origin.written.clear();
  }

  /**
   * An address that refused stays as it is: deleting it deletes the trace of a refusal of one list. A worker knows what it saw before
   * in the same millisecond.
   */
  private judgeDeletedRefusal({ account, sentAtMs }: Effect, email: string): void {
    for (const client of this.clientsOf(account)) {
      for (const { seenAtMs = Number.POSITIVE_INFINITY, knownAtMs = Number.POSITIVE_INFINITY } of client.refusals.get(email) ?? []) {
        const isKnown = seenAtMs <= sentAtMs || knownAtMs < sentAtMs;
        if (isKnown) this.report('consent', `${email} was deleted although the service knew that it refused`);
      }
    }
  }

  private countRemoval({ account }: Effect, email: string, owner: number, madeAtMs: number): void {
    if (this.wantedBy(owner, email) === 'drop') return;
    const client = this.clientOf(owner);
    const now = this.nowMs();
    // What a late call creates again after a removal is taken away without another decision.
    const isLateGhost = (this.removedAtMs.get(email) ?? 0) > madeAtMs;
    this.removedAtMs.set(email, now);
    if (takeConfirmed(client.confirmed, email) || isLateGhost) return;
    client.removals = [...client.removals.filter(({ atMs }) => atMs > now - HOUR_MS), { atMs: now, email }];
    const present = [...account.all()].filter(({ memberships }) =>
      memberships.some(({ listId }) => this.owners.get(listId) === owner),
    ).length;
    const total = present + client.removals.length;
    const limit = Math.max(MIN_LIMIT, Math.floor(total * LIMIT_PART));
    if (client.removals.length === limit + 1) {
      this.report('removal', `${limit + 1} of ${total} addresses of account ${owner} were removed without a confirmation`);
    }
  }

  private addRefusal(client: Client, account: UnisenderAccount, email: string, listId: number | undefined): void {
    const others = (client.refusals.get(email) ?? []).filter((known) => known.listId !== listId || known.account !== account);
    const refusal = { atMs: this.nowMs(), account, listId, knownAtMs: undefined, seenAtMs: undefined };
    client.refusals.set(email, [...others, refusal]);
    client.everRefused.add(email);
  }

  /** Refusals that the only client of the account learns of. While several use it, or once did, nobody knows whose response it is. */
  private refusalsShownTo(account: UnisenderAccount, email: string): Refusal[] {
    const users = this.usersOf(account);
    if (users.length !== 1) return [];
    return users
      .filter(({ supersededUntilMs }) => supersededUntilMs <= this.nowMs())
      .flatMap(({ refusals }) => refusals.get(email) ?? [])
      .filter((refusal) => refusal.account === account);
  }

  /** The clients that use the account or once did. */
  private usersOf(account: UnisenderAccount): Client[] {
    return [...this.clients.values()].filter(({ unisender, former }) => unisender === account || former.has(account));
  }

  private clientsOf(account: UnisenderAccount): Client[] {
    return [...this.clients.values()].filter(({ unisender }) => unisender === account);
  }

  private clientOf(accountId: number): Client {
    const client = this.clients.get(accountId);
    if (!client) throw new Error(`unknown account ${accountId}`);
    return client;
  }

  private loseOrigin(origin: Origin): void {
    if (origin.isOurs) origin.lostAtMs = this.nowMs();
    origin.isOurs = false;
  }

  private originOf(account: UnisenderAccount, email: string): Origin {
    const ofAccount = this.origins.get(account) ?? new Map<string, Origin>();
    this.origins.set(account, ofAccount);
    const origin = ofAccount.get(email) ?? {
      isOurs: false,
      isDeletedUnseen: false,
      sentAtMs: Number.NEGATIVE_INFINITY,
      isProvenByTime: false,
      deletionShownAtMs: Number.NEGATIVE_INFINITY,
      lostAtMs: Number.NEGATIVE_INFINITY,
      listedByOthers: new Map(),
      written: new Map(),
      writtenAtMs: Number.NEGATIVE_INFINITY,
      forgotten: new Set(),
      looks: [],
    };
    ofAccount.set(email, origin);
    return origin;
  }
}

/** Uses up one confirmed removal. Returns false when the removal is not confirmed. */
function takeConfirmed(confirmed: Confirmed, email: string): boolean {
  if (confirmed.shown.delete(email)) return true;
  if (confirmed.others === 0) return false;
  confirmed.others -= 1;
  return true;
}

/** Whether Unisender shows the refusal now. */
function isVisible({ listId }: Refusal, address: SeenAddress | undefined): boolean {
  if (!address) return false;
  return listId === undefined ? !MAILABLE.has(address.status) : address.lists.get(listId) === true;
}
