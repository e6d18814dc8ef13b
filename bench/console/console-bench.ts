import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { systemClock } from '#clock';
import { findProjectFolder } from '#config';
import { ConsoleBrowser, consolePages, listViolations } from '../../test/support/console-browser.js';
import { ServiceProcesses } from '../../test/support/service-processes.js';
import { hasChromium } from '../../test/support/widget-browser.js';
import type { BenchOptions } from '../bench.js';
import { insertNumbered } from '../plans/loaded-database.js';
import { addContacts } from './many-contacts.js';

const ACCOUNTS = 1_000;
const FIRST_ACCOUNT = 31_000_000;
const CONTACTS = 1_000_000;
const QUICK_CONTACTS = 10_000;
const ROUNDS = 9;
const QUICK_ROUNDS = 3;

const median = (values: readonly number[]) => [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;

/** Prints the size of the scripts and style sheets, as they are and compressed with gzip, in KiB. */
async function measureFiles(print: BenchOptions['print']): Promise<void> {
  const folder = join(findProjectFolder(), 'dist', 'console', 'assets');
  for (const name of (await readdir(folder)).filter((file) => /\.(js|css)$/.test(file))) {
    const content = await readFile(join(folder, name));
    const [full, compressed] = [content.length, gzipSync(content, { level: 9 }).length].map((bytes) => (bytes / 1024).toFixed(1));
    print(`${name.replace(/-[\w-]+\./, '.')}: ${full} KiB, ${compressed} KiB with gzip`);
  }
}

/** Adds active accounts by SQL, the first one with contacts; the integration exists. */
async function addAccounts(service: ServiceProcesses, contacts: number): Promise<void> {
  const { database } = await service.openDatabase();
  try {
    await insertNumbered(database, 'accounts', ACCOUNTS, (n) => ({
      account_id: `${FIRST_ACCOUNT} + ${n}`,
      client_id: `'${service.clientId}'`,
      status: "'active'",
      name: `'Company ' || ${n}`,
      subdomain: `'company' || ${n}`,
      settings: "''",
      created_at: '0',
      updated_at: '0',
    }));
    await addContacts(database, FIRST_ACCOUNT, contacts, systemClock.nowMs());
  } finally {
    await database.close();
  }
}

/** Milliseconds from the navigation, with an empty cache, until the page shows `selector` and its main thread is idle. */
async function measureStart(browser: ConsoleBrowser, path: string, selector: string): Promise<number> {
  const page = await browser.openSignedIn(path);
  await page.waitForSelector(selector);
  const elapsed = await page.evaluate<number>('new Promise((resolve) => requestIdleCallback(() => resolve(performance.now())))');
  await page.context().close();
  return elapsed;
}

/** Milliseconds from a filter that no account passes until the page has read and filtered every account. */
async function measureFilter(browser: ConsoleBrowser): Promise<number> {
  const page = await browser.openSignedIn('/accounts');
  await page.waitForSelector('tr[data-index]');
  const startedAt = performance.now();
  await page.getByLabel('Filter').fill('no account has this name');
  await page.getByText('No account passes this filter').waitFor();
  const elapsed = performance.now() - startedAt;
  await page.context().close();
  return elapsed;
}

/** Milliseconds from the choice of another state until the first of these addresses is shown. */
async function measureAddresses(browser: ConsoleBrowser): Promise<number> {
  const page = await browser.openSignedIn(`/accounts/${FIRST_ACCOUNT}/addresses`);
  await page.waitForSelector('.email');
  const startedAt = performance.now();
  await page.getByLabel('State').selectOption('in_sync');
  await page.getByText('person0@example.com').waitFor();
  const elapsed = performance.now() - startedAt;
  await page.context().close();
  return elapsed;
}

/** Milliseconds until the person with this address is shown. */
async function measurePerson(browser: ConsoleBrowser, email: string): Promise<number> {
  const page = await browser.openSignedIn('/person');
  await page.getByLabel('E-mail address or contact id').fill(email);
  const startedAt = performance.now();
  await page.getByRole('button', { name: 'Find' }).click();
  await page.waitForSelector('.card');
  const elapsed = performance.now() - startedAt;
  await page.context().close();
  return elapsed;
}

async function measureRounds(rounds: number, measure: () => Promise<number>): Promise<string> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await measure());
  return `median ${Math.round(median(values))} ms, worst ${Math.round(Math.max(...values))} ms of ${rounds}`;
}

/** Prints the findings of axe on every page in both themes, by impact. */
async function checkPages(browser: ConsoleBrowser, print: BenchOptions['print']): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.signIn({ colorScheme });
    for (const { name, toPath } of consolePages) {
      await browser.goTo(page, toPath(FIRST_ACCOUNT));
      const found = (await listViolations(page)).map(({ id, impact }) => `${id} (${impact})`);
      print(`axe, ${colorScheme}, ${name}: ${found.length === 0 ? 'no finding' : found.join(', ')}`);
    }
    await page.context().close();
  }
}

/**
 * Prints figures of the console in Chromium over a service with 1,000 accounts, one of which has 1,000,000 contacts (quick: 10,000): sizes,
 * times to a usable page with an empty cache, times of searches, and the findings of axe.
 */
export async function runConsoleBench({ isQuick, print }: BenchOptions): Promise<void> {
  if (!hasChromium()) return;
  const rounds = isQuick ? QUICK_ROUNDS : ROUNDS;
  await measureFiles(print);
  const service = await ServiceProcesses.start({ mode: 'embedded' });
  const browser = await ConsoleBrowser.start(service.url, service.operator.authorization.replace('Bearer ', ''));
  try {
    const contacts = isQuick ? QUICK_CONTACTS : CONTACTS;
    await addAccounts(service, contacts);
    print(`Overview, ${ACCOUNTS} accounts: ${await measureRounds(rounds, () => measureStart(browser, '/', '.tile'))}`);
    print(`Accounts, ${ACCOUNTS} accounts: ${await measureRounds(rounds, () => measureStart(browser, '/accounts', 'tr[data-index]'))}`);
    print(`Filter over ${ACCOUNTS} accounts: ${await measureRounds(rounds, () => measureFilter(browser))}`);
    const of = `${contacts} contacts`;
    const account = `/accounts/${FIRST_ACCOUNT}`;
    print(`Account, ${of}: ${await measureRounds(rounds, () => measureStart(browser, `${account}/runs`, '.contact-bar'))}`);
    print(`Failing addresses, ${of}: ${await measureRounds(rounds, () => measureStart(browser, `${account}/addresses`, '.email'))}`);
    print(`Addresses in sync, ${of}: ${await measureRounds(rounds, () => measureAddresses(browser))}`);
    print(`Find a person, ${of}: ${await measureRounds(rounds, () => measurePerson(browser, `person${contacts - 1}@example.com`))}`);
    await checkPages(browser, print);
  } finally {
    await browser.stop();
    await service.stop();
  }
}
