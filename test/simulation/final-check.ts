import type { AccountSettings } from '#domain';
import { AddressViews } from '#sync';
import { type Company, type WantedAddress, countContacts, isValidAddress, wantedAddresses } from './company.js';
import { lookAt, type SeenAddress } from './oracle.js';
import { deliverHooks } from './player.js';
import type { AccountDetails, World } from './world.js';

const MINUTE_MS = 60_000;
/** Longer than the longest delay of a late call, and than the wait before it is verified. */
const LATE_MS = 40 * MINUTE_MS;
/** Longer than the longest pause and the last attempt of a webhook. */
const PAUSES_MS = 180 * MINUTE_MS;
/** What a confirmed run leaves may wait for another confirmation. */
const MAX_CONFIRMATIONS = 3;
/** Kommo may not respond in time. */
const MAX_RECONNECTIONS = 5;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NIGHT_MS = 60 * MINUTE_MS;
const MAX_NIGHTS = 3;
const ENDED = new Set(['completed', 'failed', 'cancelled']);

/** Ends all faults, and lets late calls land. */
export async function heal(world: World): Promise<void> {
  world.service.heal();
  world.vendors.network.heal();
  Object.assign(world.vendors.lies, { withoutFields: 0, empty: 0 });
  world.vendors.lies.lagging.clear();
  await world.control('DELETE', '/faults');
  await world.control('POST', '/switches', {
    'unisender.import_sums': 'true',
    'unisender.export_file': 'csv',
    'unisender.export_task': 'file',
    'kommo.hook_order': 'sent',
    'kommo.hook_duplicates': 0,
  });
  for (const { unisender } of world.companies) await world.control('DELETE', `/unisender/accounts/${unisender.apiKey}/refusals`);
  await world.service.pass(MINUTE_MS);
  for (const company of world.companies) {
    // A saved key starts an import, which would mend what a prompt service must have done before.
    if (!world.history.circumstances.isPrompt || (await needsAuthorization(world, company))) await reconnect(world, company);
  }
  await deliverHooks(world);
  await world.service.pass(LATE_MS);
  if (world.history.circumstances.isPrompt) await checkPrompt(world);
}

/** Reports what is wrong before the first night although nothing happened that only a reconciliation mends. */
async function checkPrompt(world: World): Promise<void> {
  await world.service.pass(PAUSES_MS);
  await deliverHooks(world);
  for (let isWaiting = true, times = 0; isWaiting && times < MAX_CONFIRMATIONS; times += 1) {
    isWaiting = false;
    for (const company of world.companies) isWaiting = (await world.confirm(company)) || isWaiting;
    await world.service.pass(LATE_MS);
  }
  if (hasLostHooks(world)) return;
  const failing = new Set<string>();
  for (const company of world.companies) {
    const page = await world.read((process) => process.get(AddressViews).list(company.accountId, { state: 'failing', limit: 500 }));
    for (const { email } of page?.addresses ?? []) failing.add(email);
  }
  for (const { area, problem, email } of await findDifferences(world)) {
    const mayBeWrong = email !== undefined && (failing.has(email) || world.oracle.wasDeletedLate(email));
    if (!mayBeWrong) world.oracle.report('late', `${area}: ${problem}`);
  }
}

/**
 * Lets nights pass until each account is as promised, and reports what is still wrong after the last one. In each night the
 * operator confirms what waits, and administrators allow access again where that is asked for.
 */
export async function checkPromise(world: World): Promise<void> {
  let differences: Difference[] = [];
  for (let night = 0; night < MAX_NIGHTS; night += 1) {
    for (const company of world.companies) if (await needsAuthorization(world, company)) await reconnect(world, company);
    await world.service.startNight();
    await world.service.pass(NIGHT_MS);
    for (const company of world.companies) await world.confirm(company);
    await deliverHooks(world);
    await world.service.pass(NIGHT_MS);
    differences = await findDifferences(world);
    if (differences.length === 0) return;
    await world.service.pass(DAY_MS - 2 * NIGHT_MS);
  }
  for (const { area, problem } of differences) world.oracle.report(area, problem);
}

/** Kommo gives up a webhook after some attempts: only a reconciliation learns of the change. */
const hasLostHooks = ({ vendors }: World): boolean => vendors.sandbox.kommo.hooks.list().some(({ state }) => state === 'failed');

interface Difference {
  readonly area: 'stuck' | 'sync' | 'counters';
  readonly problem: string;
  /** The address that is wrong. */
  readonly email?: string | undefined;
}

type Report = (area: Difference['area'], problem: string, email?: string) => void;

const needsAuthorization = async (world: World, company: Company): Promise<boolean> =>
  (await world.findDetails(company))?.status === 'reauthorization_required';

/** The administrator does what the service asks for: allows access again, enters the present key. */
async function reconnect(world: World, company: Company): Promise<void> {
  for (let attempt = 0; attempt < MAX_RECONNECTIONS; attempt += 1) {
    if (await needsAuthorization(world, company)) await world.authorise(company);
    if ((await world.saveKey(company))?.kind === 'done') return;
    await world.service.pass(MINUTE_MS);
  }
}

async function findDifferences(world: World): Promise<Difference[]> {
  const found: Difference[] = [];
  const report: Report = (area, problem, email) => found.push({ area, problem, email });
  for (const company of world.companies) {
    const details = await world.findDetails(company);
    if (!details) {
      report('stuck', `account ${company.accountId} cannot be read`);
      continue;
    }
    checkStuck(report, company, details);
    checkInSync({ world, company, details, settings: await world.readSettings(company), report });
    checkCounters(report, company, details);
  }
  return found;
}

function checkStuck(report: Report, { accountId }: Company, details: AccountDetails): void {
  const { events_waiting, jobs_waiting, status, last_run } = details;
  if (status !== 'active') report('stuck', `account ${accountId} is ${status}`);
  if (events_waiting > 0) report('stuck', `account ${accountId} has ${events_waiting} waiting events`);
  if (jobs_waiting > 0) report('stuck', `account ${accountId} has ${jobs_waiting} waiting jobs`);
  if (last_run && !ENDED.has(last_run.state)) report('stuck', `the last run of account ${accountId} is ${last_run.state}`);
  if (last_run?.state === 'failed') report('stuck', `the last run of account ${accountId} failed: ${last_run.error}`);
}

interface SyncCheck {
  readonly world: World;
  readonly company: Company;
  readonly details: AccountDetails;
  readonly settings: AccountSettings;
  readonly report: Report;
}

function checkInSync({ world, company, details, settings, report }: SyncCheck): void {
  const { oracle } = world;
  const { accountId, unisender } = company;
  const listId = details.list_id ?? 0;
  if (oracle.ownerOf(listId) !== accountId || !unisender.lists.has(listId)) {
    return report('sync', `account ${accountId} has list ${listId}, which does not exist or is not its own`);
  }
  const wanted = wantedAddresses(company, settings);
  const seen = lookAt(unisender);
  const target: Target = { world, company, report, listId, isPositionMapped: settings.fields['POSITION'] !== undefined };
  for (const address of wanted.values()) if (address.class === 'valid') checkWanted(target, address, seen.get(address.email));
  for (const [email, isDone] of company.added) {
    const isHere = seen.get(email)?.lists.get(listId) === false;
    const isExpected = isDone && !wanted.has(email) && isValidAddress(email) && !oracle.hasEverRefused(accountId, email);
    if (isExpected && !isHere)
      report('sync', `${email}, which the operator added, is not on list ${listId} of account ${accountId}`, email);
  }
  for (const [email, address] of seen) {
    for (const ownId of address.lists.keys()) {
      const isRight = ownId === listId && (wanted.get(email)?.class === 'valid' || company.added.has(email));
      const isOurs = oracle.ownerOf(ownId) === accountId && oracle.isMadeByUs(ownId, email);
      const isLeft = company.erased.has(email) && !wanted.has(email);
      if (isOurs && !isRight && !isLeft && !oracle.hasEverRefused(accountId, email)) {
        report('sync', `${email} is still on list ${ownId} of account ${accountId}`, email);
      }
    }
  }
}

interface Target {
  readonly world: World;
  readonly company: Company;
  readonly report: Report;
  readonly listId: number;
  readonly isPositionMapped: boolean;
}

function checkWanted(
  { world, company, report, listId, isPositionMapped }: Target,
  wanted: WantedAddress,
  seen: SeenAddress | undefined,
): void {
  const { oracle } = world;
  const { accountId, unisender } = company;
  const { email, name, position } = wanted;
  if (oracle.hasEverRefused(accountId, email)) return;
  if (seen?.lists.get(listId) !== false) {
    return report('sync', `${email} is not on list ${listId} of account ${accountId}`, email);
  }
  const keepsEmpty = world.vendors.sandbox.switches.get('unisender.empty_cell') === 'keeps';
  const check = (field: string, value: string) => {
    const present = seen.fields[field] ?? '';
    if (present === value) return;
    if (oracle.isLeftByAnother(accountId, unisender) && oracle.wroteLast(unisender, email, field, present)) return;
    if (value === '' && (keepsEmpty || !oracle.hasWritten(unisender, email, field))) return;
    report('sync', `${field} of ${email} is ${JSON.stringify(present)}, not ${JSON.stringify(value)}`, email);
  };
  if (isKeyShared(world, company)) return;
  check('Name', name);
  if (isPositionMapped) check('position', position);
}

/** Two accounts with one key write the fields of shared addresses in turn. */
const isKeyShared = ({ companies }: World, company: Company): boolean =>
  companies.some((other) => other !== company && other.unisender === company.unisender);

function checkCounters(report: Report, company: Company, { contacts }: AccountDetails): void {
  const total = countContacts(company);
  if (contacts.total !== total) report('counters', `account ${company.accountId} counts ${contacts.total} contacts, not ${total}`);
  const { total: _total, ...parts }: Readonly<Record<string, number>> = contacts;
  if (parts['waiting'] === undefined) return;
  const sum = Object.values(parts).reduce((all, count) => all + count, 0);
  if (sum !== contacts.total) report('counters', `the counters of account ${company.accountId} sum to ${sum}, not ${contacts.total}`);
}
