import { PersonalData, Resync, type ResyncTarget, RunService, UnisenderContacts } from '#sync';
import { type Company, NAMES, POSITIONS, TAGS, emailOf, textOfAddress, titlesOf, toKommoValue } from './company.js';
import type { NetworkFault } from './vendor-network.js';
import type { Step, StepKind } from './history.js';
import type { World } from './world.js';

type Play = (world: World, company: Company, step: Step) => Promise<void>;

const contactsPath = ({ accountId }: Company) => `/kommo/accounts/${accountId}/contacts`;
const unisenderPath = ({ unisender }: Company) => `/unisender/accounts/${unisender.apiKey}`;
const textsOf = ({ emails = [] }: Step): string[] => [...new Set(emails.map(textOfAddress))];

/** The contact that a step names, if there is one in the wanted state. */
function findContact({ kommo, contactIds }: Company, place: number, isDeleted = false): number | undefined {
  const id = contactIds[place % Math.max(1, contactIds.length)];
  return id !== undefined && kommo.contacts.get(id)?.isDeleted === isDeleted ? id : undefined;
}

async function change(world: World, company: Company, place: number, body: unknown): Promise<void> {
  const id = findContact(company, place);
  if (id !== undefined) await world.control('PATCH', `${contactsPath(company)}/${id}`, body);
}

/** The lists of the account that exist in its Unisender account. */
const ownLists = (world: World, { accountId, unisender }: Company): number[] =>
  [...unisender.lists.keys()].filter((listId) => world.oracle.ownerOf(listId) === accountId);

/** The list of the marketer, which the service must not touch. */
const otherList = (world: World, { unisender }: Company): number | undefined =>
  [...unisender.lists.keys()].find((listId) => world.oracle.ownerOf(listId) === undefined);

/** An address of the Unisender account. */
function findAddress({ unisender }: Company, place: number): string | undefined {
  const emails = [...unisender.all()].map(({ email }) => email);
  return emails[place % Math.max(1, emails.length)];
}

/** The chosen list, or the newest of the account. */
const newestList = (world: World, company: Company): number | undefined => ownLists(world, company).at(-1);

function toResyncTarget(company: Company, { n = 0, kind }: Step): ResyncTarget {
  const contactId = findContact(company, n);
  const email = emailOf(n);
  if (kind === 'contact' && contactId !== undefined) return { kind, contactId };
  return kind === 'address' && email.includes('@') ? { kind, email } : { kind: 'all_failing' };
}

const plays: Readonly<Record<StepKind, Play>> = {
  create: async (world, company, step) => {
    const { n = 0, m = 0 } = step;
    const body = {
      name: NAMES[n % NAMES.length],
      emails: textsOf(step).map(toKommoValue),
      tags: m % 3 === 0 ? [] : [TAGS[m % TAGS.length]],
    };
    const { ids } = await world.control<{ ids: number[] }>('POST', contactsPath(company), body);
    company.contactIds.push(...ids);
  },
  rename: async (world, company, { n = 0, m = 0 }) => change(world, company, n, { name: NAMES[m % NAMES.length] }),
  emails: async (world, company, step) => change(world, company, step.n ?? 0, { emails: textsOf(step).map(toKommoValue) }),
  position: async (world, company, { n = 0, m = 0 }) => change(world, company, n, { position: POSITIONS[m % POSITIONS.length] }),
  tag: async (world, company, { n = 0, m = 0 }) => change(world, company, n, { tags: m % 3 === 0 ? [] : [TAGS[m % TAGS.length]] }),
  delete: async (world, company, { n = 0 }) => {
    const id = findContact(company, n);
    if (id !== undefined) await world.control('DELETE', `${contactsPath(company)}/${id}`);
  },
  restore: async (world, company, { n = 0 }) => {
    const id = findContact(company, n, true);
    if (id !== undefined) await world.control('POST', `${contactsPath(company)}/${id}/restore`);
  },
  merge: async (world, company, { n = 0, m = 0 }) => {
    const [kept, merged] = [findContact(company, n), findContact(company, m)];
    if (kept === undefined || merged === undefined || kept === merged) return;
    const path = contactsPath(company);
    const read = async (id: number) => emailTexts(await world.control(`GET`, `${path}/${id}`));
    const emails = [...new Set([...(await read(kept)), ...(await read(merged))])];
    await world.control('PATCH', `${path}/${kept}`, { emails: emails.map(toKommoValue) });
    await world.control('DELETE', `${path}/${merged}`);
  },

  unsubscribe: async (world, company, { n = 0, m, kind }) => {
    const email = findAddress(company, n);
    if (email === undefined) return;
    const lists = (company.unisender.find(email)?.memberships ?? []).map(({ listId }) => listId);
    const own = lists.filter((listId) => world.oracle.ownerOf(listId) === company.accountId);
    if (kind === 'list' && own.length === 0) return;
    const listIds = kind === 'list' ? own : lists;
    world.oracle.refuse(company.unisender, email, { isGlobal: kind === 'all', listIds });
    await world.control('POST', `${unisenderPath(company)}/unsubscribe`, { email, ...(kind === 'list' && { list_ids: own }) });
    if (m === 0) await deliverHooks(world, ['unisender']);
  },
  complain: async (world, company, { n = 0 }) => {
    const email = findAddress(company, n);
    if (email === undefined) return;
    world.oracle.refuse(company.unisender, email, { isGlobal: true, listIds: [] });
    await world.control('POST', `${unisenderPath(company)}/status`, { email, status: 'blocked' });
  },
  subscribe: async (world, company, { n = 0, kind }) => {
    const email = emailOf(n);
    const listId = kind === 'ours' ? newestList(world, company) : otherList(world, company);
    if (listId === undefined || !email.includes('@')) return;
    const isNew = company.unisender.find(email) === undefined;
    world.oracle.noteOthers(company.unisender, email, [listId], isNew);
    world.oracle.subscribe(company.unisender, email, [listId]);
    await world.control('POST', `${unisenderPath(company)}/subscribe`, { email, list_ids: [listId] });
  },
  stranger: async (world, company, { n = 0, kind }) => {
    const email = emailOf(n);
    if (!email.includes('@') || company.unisender.find(email)) return;
    const listId = kind === 'ours' ? newestList(world, company) : kind === 'other' ? otherList(world, company) : undefined;
    const lists = listId === undefined ? [] : [listId];
    world.oracle.noteOthers(company.unisender, email, lists, true);
    await world.control('POST', `${unisenderPath(company)}/contacts`, { email, lists });
  },
  handDelete: async (world, company, { n = 0 }) => {
    const email = findAddress(company, n);
    if (email === undefined || world.oracle.hasEverRefused(company.accountId, email)) return;
    world.oracle.noteHandDelete(company.unisender, email);
    await world.control('DELETE', `${unisenderPath(company)}/contacts?email=${encodeURIComponent(email)}`);
  },
  marketerList: async (world, company, { n = 0 }) => {
    const email = findAddress(company, n);
    const listId = otherList(world, company);
    const contact = email === undefined ? undefined : company.unisender.find(email);
    if (email === undefined || listId === undefined || contact?.memberships.some((membership) => membership.listId === listId)) return;
    world.oracle.noteOthers(company.unisender, email, [listId], false);
    await world.control('POST', `${unisenderPath(company)}/contacts`, { email, status: contact?.status, lists: [listId] });
  },
  renameList: async (world, company, { n = 0 }) => {
    const listId = newestList(world, company);
    if (listId !== undefined)
      await world.control('PATCH', `${unisenderPath(company)}/lists/${listId}`, { title: `Renamed ${n % 3} ${company.accountId}` });
  },
  deleteList: async (world, company) => {
    const listId = newestList(world, company);
    if (listId === undefined) return;
    world.oracle.noteDecision(company.accountId, world.time.nowMs());
    await world.control('DELETE', `${unisenderPath(company)}/lists/${listId}`);
  },
  newKey: async (world, company, { kind }) => {
    await world.control('POST', `${unisenderPath(company)}/key`, { api_key: world.nextKey(), keep_old: kind === 'keep' });
  },
  moveAccount: async (world, company) => {
    const unisender = await world.createUnisender();
    company.unisender = unisender;
    world.oracle.moveClient(company.accountId, unisender);
    await world.saveKey(company);
  },

  saveKey: async (world, company) => void (await world.saveKey(company)),
  retitle: async (world, company, { n = 0 }) => {
    const titles = titlesOf(company.accountId);
    const before = await world.findSettings(company);
    const startedAtMs = world.time.nowMs();
    await world.saveKey(company, { list_title: titles[n % titles.length] });
    const after = await world.findSettings(company);
    // Until it is stored, the service moves people by the decision before.
    if (!before || !after || before.listTitle !== after.listTitle) world.oracle.noteDecision(company.accountId, startedAtMs);
  },
  filter: async (world, company, { n = 0 }) => {
    const settings = [{ include_tags: [] }, { include_tags: ['vip'] }, { include_tags: ['nobody'] }, { exclude_tags: ['other'] }];
    await world.saveKey(company, { exclude_tags: [], ...settings[n % settings.length] });
  },
  deletePolicy: async (world, company, { n = 0 }) =>
    void (await world.saveKey(company, { delete_policy: n % 2 === 0 ? 'delete' : 'exclude' })),
  addressKinds: async (world, company, { n = 0 }) => {
    const settings = [['WORK'], ['WORK', 'OTHER'], ['WORK', 'PRIV', 'OTHER']];
    await world.saveKey(company, { address_kinds: settings[n % settings.length] });
  },
  mapField: async (world, company, { n = 0 }) =>
    void (await world.saveKey(company, { fields: n % 2 === 0 ? { POSITION: 'position' } : {} })),
  reconcile: async (world, { accountId }) =>
    void (await world.act('reconcile', (process) => process.get(RunService).start({ accountId, mode: 'reconcile', trigger: 'operator' }))),
  confirm: async (world, company) => void (await world.confirm(company)),

  addAddress: async (world, company, { n = 0 }) => {
    const email = emailOf(n);
    if (!email.includes('@')) return;
    company.added.set(email, false);
    const outcome = await world.act('add', (process) => process.get(UnisenderContacts).add(company.accountId, [email]));
    if (outcome?.kind === 'done') company.added.set(email, true);
  },
  removeAddress: async (world, company, { n = 0 }) => {
    const email = emailOf(n);
    if (!email.includes('@')) return;
    if (company.added.has(email)) company.added.set(email, false);
    const outcome = await world.act('remove', (process) => process.get(UnisenderContacts).remove(company.accountId, [email]));
    if (outcome?.kind === 'done') company.added.delete(email);
  },
  erase: async (world, company, { n = 0 }) => {
    const email = emailOf(n);
    const { accountId } = company;
    if (!email.includes('@')) return;
    world.oracle.noteErasure(accountId, email);
    company.erased.add(email);
    if (company.added.has(email)) company.added.set(email, false);
    const outcome = await world.act('erase', (process) => process.get(PersonalData).erase({ email, accountId }));
    if (outcome?.kind === 'done') company.added.delete(email);
  },
  resync: async (world, company, step) => {
    const target = toResyncTarget(company, step);
    await world.act('resync', (process) => process.get(Resync).request(company.accountId, target));
  },

  deliver: async (world, _company, { n = 0, kind, match = 'both' }) => {
    await world.control('POST', '/switches', { 'kommo.hook_order': kind, 'kommo.hook_duplicates': n });
    await deliverHooks(world, match === 'both' ? ['kommo', 'unisender'] : [match]);
  },
  loseHooks: async (world, _company, { kind }) => {
    if (kind !== 'unisender') await world.control('POST', '/kommo/hooks/drop');
    if (kind !== 'kommo') await world.control('POST', '/unisender/hooks/drop');
  },
  repeatHook: async (world, _company, { n = 0 }) => world.service.repeatHook(n),
  networkFault: async (world, _company, { n = 0, kind, match = '' }) => world.vendors.network.fail(kind as NetworkFault, match, n + 1),
  lateEffect: async (world, _company, { n = 0, match = '' }) => world.vendors.network.fail('late', match, 1, (n + 1) * 1_000),
  vendorFault: async (world, _company, { n = 0, kind, match = '' }) => {
    const target = match.startsWith('/') ? 'kommo' : 'unisender';
    if (kind === '402' && target === 'unisender') return;
    await world.control('POST', '/faults', { target, kind, match, times: n + 1 });
  },
  unisenderCode: async (world, _company, { n = 0, kind, match }) =>
    void (await world.control('POST', '/faults', { target: 'unisender', kind, match, times: n + 1 })),
  refusal: async (world, company, { n = 0, kind }) => {
    const email = emailOf(n);
    if (email.includes('@')) await world.control('POST', `${unisenderPath(company)}/refusals`, { email, place: kind });
  },
  sums: async (world, _company, { kind }) => void (await world.control('POST', '/switches', { 'unisender.import_sums': kind })),
  badExport: async (world, _company, { kind }) => void (await world.control('POST', '/switches', { 'unisender.export_file': kind })),
  exportTask: async (world, _company, { kind }) => void (await world.control('POST', '/switches', { 'unisender.export_task': kind })),
  kommoLie: async (world, _company, { n = 0, kind }) => {
    if (kind === 'empty') world.vendors.lies.empty = n + 1;
    else world.vendors.lies.withoutFields = n + 1;
  },
  kommoLag: async (world, company, { n = 0, m = 0, kind }) => {
    const id = findContact(company, n);
    if (id === undefined) return;
    const view = await world.control('GET', `${contactsPath(company)}/${id}`);
    world.vendors.lies.lagging.set(id, { view, reads: m + 1 });
    if (kind === 'rename') return change(world, company, n, { name: NAMES[m % NAMES.length] });
    await world.control('DELETE', `${contactsPath(company)}/${id}`);
  },
  queueFault: async (world, _company, { n = 0, kind }) => {
    const { faults } = world.service.queue;
    if (kind === 'down' || kind === 'up') faults.isDown = kind === 'down';
    else faults[kind as 'lose' | 'repeat' | 'delay'] = n + 1;
  },
  crash: async (world, _company, { n = 0 }) => world.service.crashAfter(n),
  stall: async (world, _company, { n = 0, m = 0, kind }) =>
    kind === 'call' ? world.service.stallOnCall('importContacts', m * 1_000) : world.service.stallAfter(n, m * 1_000),
  revokeToken: async (world, company) => void (await world.control('POST', `/kommo/accounts/${company.accountId}/revoke`)),
  expireToken: async (world, company) => void (await world.control('POST', `/kommo/accounts/${company.accountId}/expire`)),
  wait: async (world, _company, { n = 0 }) => world.service.pass(n * 1_000),
  night: async (world) => {
    await world.service.startNight();
    await world.service.pass(600_000);
  },
};

/** Sends the waiting hooks of vendors, and waits for the responses. */
export async function deliverHooks(world: World, vendors: readonly string[] = ['kommo', 'unisender']): Promise<void> {
  const sent = Promise.all(vendors.map((vendor) => world.control('POST', `/${vendor}/hooks/flush`)));
  let isDone = false;
  void sent.then(() => {
    isDone = true;
  });
  await world.time.settle();
  for (let waitedMs = 0; !isDone && waitedMs < 10_000; waitedMs += 500) await world.time.pass(500);
}

/** Plays one step, and lets its time pass. */
export async function playStep(world: World, step: Step): Promise<void> {
  await plays[step.do](world, world.company(step.a), step);
  await world.service.pass(step.waitMs);
}

interface ContactView {
  readonly custom_fields_values?:
    readonly { readonly field_code: string | null; readonly values: readonly { readonly value: string }[] }[] | null;
}

const emailTexts = ({ custom_fields_values }: ContactView): string[] =>
  (custom_fields_values ?? []).filter(({ field_code }) => field_code === 'EMAIL').flatMap(({ values }) => values.map(({ value }) => value));
