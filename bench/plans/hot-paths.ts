import {
  AccessStore,
  AccountListStore,
  AccountStore,
  AddressStore,
  AlertStore,
  AttentionStore,
  ChangeStore,
  ContactFiguresStore,
  ContactStore,
  type Database,
  ErasedRefusalStore,
  EventStore,
  FailureStore,
  GapStore,
  LeaseStore,
  MailingConsentStore,
  MirrorPurgeStore,
  PersonViewStore,
  PollStore,
  PushedAddressStore,
  RunStore,
  ThroughputStore,
  WebhookTokenStore,
} from '#database';
import type { Clock } from '#domain';
import { LARGE_ACCOUNT } from './loaded-database.js';

/** A call that a webhook, a job, a run or the sweep makes again and again. */
export interface HotPath {
  readonly name: string;
  readonly call: () => Promise<unknown>;
}

const IDS = Array.from({ length: 250 }, (_, index) => 50_000 + index);
const EMAILS = IDS.map((id) => `person${id}@example.com`);
const NOW = 1_790_000_000_000;

const newEvent = (index: number) => ({
  eventId: `new${index}`,
  source: 'kommo' as const,
  action: 'update',
  contactId: index,
  payload: '{}',
  dedupKey: `contact:${index}`,
  state: 'waiting' as const,
  reason: null,
});

const version = (contactId: number) => ({
  contactId,
  content: {
    name: 'New',
    addresses: [{ email: `new${contactId}@example.com`, invalidReason: null, kind: 'OTHER' as const }],
    unselected: [],
    fields: {},
    passesFilter: true,
  },
  contentHash: 'new',
  modifiedAtSeconds: 1,
  snapshot: '["New",[],[],0,{}]',
  snapshotHash: 'new',
  tags: '',
  responsibleUserId: 0,
});

/** The statements of the inbox: a webhook is stored, applied, deferred and purged. */
function eventPaths(database: Database, clock: Clock): HotPath[] {
  const events = new EventStore(database, clock);
  const settled = [0, 10, 20].map((n) => ({ eventId: `e${String(n).padStart(10, '0')}`, deliveries: 1 }));
  return [
    { name: 'store a webhook', call: () => events.add(LARGE_ACCOUNT, [1, 2, 3].map(newEvent)) },
    { name: 'list waiting events', call: () => events.listWaiting(LARGE_ACCOUNT, 'e0000005000', 500) },
    { name: 'list deferred events', call: () => events.listDeferred(LARGE_ACCOUNT, 250) },
    {
      name: 'settle events',
      call: () =>
        events.settle(
          LARGE_ACCOUNT,
          settled.map((event) => ({ ...event, state: 'applied', reason: null })),
        ),
    },
    {
      name: 'defer events',
      call: () =>
        events.defer(
          LARGE_ACCOUNT,
          settled.map((event) => ({ ...event, attempts: 1, dueAt: 1, reason: null })),
        ),
    },
    { name: 'check the quota of waiting events', call: () => events.hasMoreWaiting(LARGE_ACCOUNT, 100) },
    { name: 'find the first deferred event', call: () => events.findNextDue(LARGE_ACCOUNT) },
    { name: 'find accounts with waiting events', call: () => events.listAccountsWaiting(NOW, 1_000) },
    { name: 'show the newest events', call: () => events.list(LARGE_ACCOUNT, 50) },
    { name: 'show a page of events', call: () => events.list(LARGE_ACCOUNT, 50, { before: 'e0000005000' }) },
    { name: 'show the events of a contact', call: () => events.list(LARGE_ACCOUNT, 50, { contactId: 5_000 }) },
    {
      name: 'search events by e-mail',
      call: () => events.search(LARGE_ACCOUNT, { email: 'person5000@example.com', contactIds: [5_000], limit: 50 }),
    },
    { name: 'purge applied events', call: () => events.purge(10, 2_000) },
    { name: 'trim ignored events', call: () => events.trim(LARGE_ACCOUNT, 'ignored', { kept: 100, limit: 100 }) },
  ];
}

/** The statements of the mirror and of runs. */
function contactPaths(database: Database, clock: Clock): HotPath[] {
  const contacts = new ContactStore(database, clock);
  const inTransaction = (work: () => Promise<unknown>) => () => database.transaction(work);
  const range = { after: 50_000, upTo: 50_250, seen: IDS, runId: 'run' };
  return [
    { name: 'find versions of contacts', call: () => contacts.findVersions(LARGE_ACCOUNT, IDS) },
    { name: 'store contacts', call: inTransaction(() => contacts.save(LARGE_ACCOUNT, IDS.slice(0, 50).map(version), { cause: 'event' })) },
    { name: 'store unchanged contacts', call: () => contacts.saveUnchanged(LARGE_ACCOUNT, IDS.slice(0, 50).map(version)) },
    { name: 'delete contacts', call: inTransaction(() => contacts.markDeleted(LARGE_ACCOUNT, IDS.slice(50, 60), { cause: 'event' })) },
    { name: 'list stored contacts', call: () => contacts.listStored(LARGE_ACCOUNT, 50_000, 500) },
    { name: 'mark contacts missing from a page', call: () => contacts.markMissing(LARGE_ACCOUNT, range) },
    { name: 'list missing contacts', call: () => contacts.listMissing(LARGE_ACCOUNT, 'run', 0, 250) },
    { name: 'count missing contacts', call: () => contacts.countMissing(LARGE_ACCOUNT, 'run') },
    { name: 'look for deleted contacts', call: () => contacts.hasDeletedSince(LARGE_ACCOUNT, NOW) },
  ];
}

const LISTED = { accountId: LARGE_ACCOUNT, unisenderAccountId: 'unisender', listId: 1 };

/** The statements of pushes. */
function addressPaths(database: Database, clock: Clock): HotPath[] {
  const addresses = new AddressStore(database, clock);
  const consents = new MailingConsentStore(database, clock);
  const pushed = new PushedAddressStore(database, clock);
  const lists = new AccountListStore(database, clock);
  return [
    { name: 'list dirty addresses', call: () => addresses.listDirty(LARGE_ACCOUNT, 500) },
    { name: 'measure the backlog', call: () => addresses.findBacklog(LARGE_ACCOUNT) },
    { name: 'count dirty addresses of a page', call: () => addresses.countDirtyAmong(LARGE_ACCOUNT, EMAILS) },
    { name: 'mark addresses dirty', call: () => addresses.markDirty(LARGE_ACCOUNT, EMAILS.slice(0, 50), 'event') },
    { name: 'list addresses with their holders', call: () => addresses.listWithHolders(LARGE_ACCOUNT, EMAILS) },
    { name: 'begin a put', call: () => pushed.beginPut(LARGE_ACCOUNT, 1, EMAILS) },
    { name: 'begin a put to another list', call: () => pushed.beginPut(LARGE_ACCOUNT, 2, EMAILS) },
    { name: 'begin a removal', call: () => pushed.beginRemoval(LARGE_ACCOUNT, EMAILS) },
    { name: 'list due addresses', call: () => pushed.listDue(LARGE_ACCOUNT, 20) },
    { name: 'find the next due address', call: () => pushed.refreshDue(LARGE_ACCOUNT) },
    { name: 'find addresses that other accounts hold', call: () => pushed.findSharedUses(LARGE_ACCOUNT, 1, EMAILS) },
    { name: 'ask for tags of later holders', call: () => consents.requestWriteBacks(LARGE_ACCOUNT, EMAILS) },
    { name: 'find erased refusals', call: () => new ErasedRefusalStore(database, clock).hasAny(LARGE_ACCOUNT) },
    { name: 'find the lists of an account', call: () => lists.findOurLists(LISTED) },
    { name: 'clear dirty addresses', call: () => addresses.clearDirty(LARGE_ACCOUNT, EMAILS) },
    { name: 'read records of addresses', call: () => addresses.listRecords(LARGE_ACCOUNT, EMAILS) },
    { name: 'list unmailable addresses', call: () => consents.listUnmailable(LARGE_ACCOUNT, EMAILS) },
    { name: 'list tags to write back', call: () => consents.listWriteBacks(LARGE_ACCOUNT, 50) },
  ];
}

/** The statements of accounts, leases and the sweep. */
function accountPaths(database: Database, clock: Clock): HotPath[] {
  const leases = new LeaseStore(database);
  const figures = new ContactFiguresStore(database, clock);
  const accounts = new AccountStore(database, clock);
  const runs = new RunStore(database, clock);
  return [
    { name: 'find an account by its webhook token', call: () => new WebhookTokenStore(database, clock).findByHash('hash') },
    { name: 'list accounts', call: () => accounts.list({ after: LARGE_ACCOUNT, limit: 100 }) },
    { name: 'find accounts with due addresses', call: () => accounts.listWorkDue(NOW, 1_000) },
    { name: 'find stale runs', call: () => runs.listStale(NOW, 1_000) },
    { name: 'find the active run', call: () => runs.findActive(LARGE_ACCOUNT) },
    { name: 'list runs', call: () => runs.list(LARGE_ACCOUNT, 50) },
    { name: 'list failures', call: () => new FailureStore(database).list({ accountId: LARGE_ACCOUNT, limit: 50 }) },
    {
      name: 'list a page of all failures',
      call: () => new FailureStore(database).list({ after: { failedAt: NOW, failureId: 'a' }, limit: 50 }),
    },
    { name: 'find why a job was buried', call: () => new FailureStore(database).findLast({ server: 'q:11300', jobId: 5 }) },
    { name: 'take a lease', call: () => leases.acquire(LARGE_ACCOUNT, 'worker', 1_000) },
    { name: 'renew a lease', call: () => leases.renew(LARGE_ACCOUNT, 1, 1_000) },
    { name: 'release a lease', call: () => leases.release(LARGE_ACCOUNT, 1) },
    { name: 'find abandoned leases', call: () => leases.listAbandoned(1_000, 1_000) },
    { name: 'find accounts to poll', call: () => new PollStore(database, clock).listDue(NOW, 1_000) },
    { name: 'purge deleted contacts', call: () => new MirrorPurgeStore(database).purgeDeletedContacts(LARGE_ACCOUNT, 1, 2_000) },
    { name: 'purge strangers', call: () => new MirrorPurgeStore(database).purgeStrangers(LARGE_ACCOUNT, 'person5', 2_000) },
    { name: 'find open gaps', call: () => new GapStore(database, clock).list(NOW, 1_000) },
    { name: 'find expiring tokens', call: () => new AccessStore(database, clock).listExpiringBefore(NOW, 0, 1_000) },
    { name: 'find due alerts', call: () => new AlertStore(database, clock).listDue(100) },
    { name: 'find the end of a part to count', call: () => figures.findNthContact(LARGE_ACCOUNT, 0, 1_000) },
    { name: 'find the kept counts', call: () => figures.find(LARGE_ACCOUNT) },
    { name: 'find accounts with stale counts', call: () => figures.listStale(100) },
    { name: 'count stale parts again', call: () => figures.recountSome(LARGE_ACCOUNT) },
    { name: 'count a part of the contacts', call: () => figures.count(LARGE_ACCOUNT, { after: 0, upTo: 1_000 }) },
  ];
}

/** The statements of the console, which reads them again while it is open. */
function consolePaths(database: Database): HotPath[] {
  const people = new PersonViewStore(database);
  const changes = new ChangeStore(database);
  const attention = new AttentionStore(database);
  const scope = { accountIds: [LARGE_ACCOUNT], keyHashes: ['hash'], waitingIds: [1] };
  return [
    { name: 'find the accounts of an address', call: () => people.listAccountsWithEmail('person5000@example.com', 100) },
    { name: 'find the accounts of a contact', call: () => people.listAccountsWithContact(5_000, 100) },
    { name: 'find the holders of addresses', call: () => people.listHoldings(LARGE_ACCOUNT, EMAILS) },
    { name: 'find the addresses of contacts', call: () => people.listHoldingsOf(LARGE_ACCOUNT, IDS) },
    { name: 'show contacts', call: () => people.listContacts(LARGE_ACCOUNT, IDS) },
    { name: 'show addresses', call: () => people.listAddresses(LARGE_ACCOUNT, EMAILS) },
    { name: 'look for changed accounts', call: () => changes.listAccountMarks(0, 5_000) },
    { name: 'look for moving runs', call: () => changes.listActiveRuns(1_000) },
    { name: 'look for ended runs', call: () => changes.listEndedRuns(NOW, 1_000) },
    { name: 'look for newer audit entries', call: () => changes.findLastAudit() },
    { name: 'find accounts that need attention', call: () => attention.listCandidates(scope, 5_000) },
    { name: 'find runs that wait for a confirmation', call: () => attention.listWithWaitingRun(5_000) },
    { name: 'read rates', call: () => new ThroughputStore(database).list(NOW) },
  ];
}

/** Every hot path over the database of {@link loadDatabase}. */
export const listHotPaths = (database: Database, clock: Clock): readonly HotPath[] =>
  [eventPaths, contactPaths, addressPaths, accountPaths, consolePaths].flatMap((paths) => paths(database, clock));
