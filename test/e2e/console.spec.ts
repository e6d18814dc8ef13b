import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/built-process.js';
import { ConsoleBrowser, consolePages, findSeriousViolations } from '../support/console-browser.js';
import { openScreenshots, type SaveScreenshot } from '../support/screenshots.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses } from '../support/service-processes.js';
import { VendorAccount } from '../support/vendor-account.js';
import { hasChromium } from '../support/widget-browser.js';

const WAIT_MS = 240_000;
const CONTACTS = 60;
const MAX_TABS = 60;

const WIDTHS = [360, 768, 1440];

(hasChromium() ? describe : describe.skip)('the console in Chromium', () => {
  let service: ServiceProcesses;
  let browser: ConsoleBrowser;
  let account: ServiceAccount;
  let company: VendorAccount;
  let page: Page;
  let save: SaveScreenshot | undefined;

  beforeAll(async () => {
    save = await openScreenshots('CONSOLE_SCREENSHOTS');
    service = await ServiceProcesses.start({ mode: 'embedded', env: { APPROVE_ACCOUNTS: '1' } });
    browser = await ConsoleBrowser.start(service.url, service.operator.authorization.replace('Bearer ', ''));
  }, WAIT_MS);

  afterAll(async () => {
    await browser?.stop();
    await service?.stop();
  }, WAIT_MS);

  /** A company at both vendors that the service does not know. */
  async function addCompany(): Promise<VendorAccount> {
    const company = new VendorAccount(service.control, 34_000_001, 'unisender-key-34000001-0123456789abcdef');
    await service.control.post('/kommo/accounts', { id: company.accountId, name: 'Flower shop', subdomain: 'flowershop' });
    await service.control.post('/unisender/accounts', { api_key: company.unisenderKey, login: 'owner@flowershop.example' });
    for (const name of ['Ann', 'Bob', 'Eve']) await company.create({ name, emails: [`${name}@flowershop.example`], hooks: false });
    return company;
  }

  /** Keeps a picture for the documents, when the test keeps screenshots. */
  async function saveForDocuments(name: string): Promise<void> {
    if (!save) return;
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1200, height: 780 });
    await page.evaluate("document.querySelector('.toasts').style.display = 'none'");
    await save(page, name, { isSmall: true });
    await page.evaluate("document.querySelector('.toasts').style.display = ''");
    await page.setViewportSize({ width: 1440, height: 900 });
  }

  const pathOf = (tab: string) => `/accounts/${account.accountId}/${tab}`;
  const waitForText = (text: string) => page.getByText(text).first().waitFor();
  const press = (name: string) => page.getByRole('button', { name, exact: true }).first().click();
  const pressInDialog = (name: string | RegExp) => page.getByRole('dialog').getByRole('button', { name }).click();

  it(
    'refuses a wrong token in plain words, and keeps the right one out of every URL',
    async () => {
      page = await browser.open();
      expect(await findSeriousViolations(page)).toEqual([]);
      const urls: string[] = [];
      page.on('request', (request) => urls.push(request.url()));
      await browser.enterToken(page, 'a-wrong-token');
      await waitForText('The service refuses this token.');
      await browser.enterToken(page, service.operator.authorization.replace('Bearer ', ''));
      await page.waitForSelector('.shell');
      await waitForText('Nothing needs your attention');
      expect([...urls, page.url()].filter((url) => url.includes('token'))).toEqual([]);
    },
    WAIT_MS,
  );

  it(
    'connects an account step by step, with pages after the consent that axe accepts',
    async () => {
      company = await addCompany();
      await browser.goTo(page, '/connect');
      await press('Save the integration');
      await waitForText('must be a whole number above 0');
      browser.forget(/status of 400/);
      await page.getByLabel('Account id').fill(String(company.accountId));
      await page.getByLabel('Integration id').fill(service.clientId);
      await page.getByLabel('Secret key').fill(service.clientSecret);
      await press('Save the integration');
      const [consent] = await Promise.all([
        page.context().waitForEvent('page'),
        page.getByRole('link', { name: 'Open the consent page' }).click(),
      ]);
      await consent.selectOption('select[name="account_id"]', String(company.accountId));
      await consent.click('button[value="allow"]');
      await consent.getByRole('heading', { name: 'Connected' }).waitFor();
      expect(await findSeriousViolations(consent)).toEqual([]);
      await consent.reload();
      await consent.getByRole('heading', { name: 'Not connected' }).waitFor();
      expect(await findSeriousViolations(consent)).toEqual([]);
      await consent.close();
      await page.fill('input[name="unisender_key"]', company.unisenderKey);
      await press('Check and save');
      await waitForText('The import runs.');
      expect(await page.locator('.step--done').count()).toBe(4);
      await save?.(page, 'connect-done');
      const [archive] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save widget.zip' }).click()]);
      expect(archive.suggestedFilename()).toBe('widget.zip');
    },
    WAIT_MS,
  );

  it(
    'asks for the approval of an account that the operator did not enter',
    async () => {
      account = await service.addAccount();
      const contacts = Array.from({ length: CONTACTS }, (_, index) => ({
        name: `Person ${index}`,
        emails: [`person${index}@example.org`],
      }));
      await account.createMany(contacts.map((contact) => ({ ...contact, tags: ['client'], hooks: false })));
      await account.create({ name: 'Ann', emails: ['ann@example.org', 'no address'], hooks: false });
      await browser.goTo(page, '/');
      await waitForText('The account waits for approval');
      await page.locator('.attention__account').first().click();
      await press('Approve');
      await waitForText('The account is approved');
      await page.getByText('The account waits for approval').first().waitFor({ state: 'detached' });
    },
    WAIT_MS,
  );

  it(
    'follows the service live, and shows the progress of an import',
    async () => {
      await browser.goTo(page, pathOf('runs'));
      await waitForText('Live');
      await waitForText('There is no Unisender key.');
      await press('Enter a key');
      await page.fill('input[name="unisender_key"]', 'a-wrong-key-0123456789abcdef');
      await pressInDialog('Check and save');
      await waitForText('Unisender refuses this key.');
      await page.fill('input[name="unisender_key"]', account.unisenderKey);
      await pressInDialog('Check and save');
      await waitForText('The key is saved');
      await page.locator('table').getByText('Completed').first().waitFor();
    },
    WAIT_MS,
  );

  it.each(consolePages)(
    'has no serious finding of axe and fits 360 px: $name',
    async ({ name, toPath }) => {
      const path = toPath(account.accountId);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of save ? WIDTHS : [360]) {
          await page.setViewportSize({ width, height: 900 });
          await browser.goTo(page, path);
          expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
          await save?.(page, `${name.toLowerCase().replaceAll(' ', '-')}-${width}-${colorScheme}`);
        }
        expect(await findSeriousViolations(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    },
    WAIT_MS,
  );

  it(
    'newcomer: two accounts are in sync, a broken key is flagged with the remedy, and a new key mends it',
    async () => {
      await browser.goTo(page, '/accounts');
      const row = (name: string) => page.getByRole('row').filter({ hasText: name });
      await row('Flower shop').getByText('3 / 3').waitFor();
      await row(`Company ${account.accountId}`).getByText('Import: Completed').waitFor();
      const newKey = 'mended-unisender-key-0123456789abcdef';
      await service.control.post(`/unisender/accounts/${company.unisenderKey}/key`, { api_key: newKey });
      await company.create({ name: 'Late', emails: ['late@flowershop.example'] });
      await row('Flower shop').getByText('Unisender refuses the key').waitFor();
      await browser.goTo(page, '/');
      await waitForText('Enter a key that Unisender accepts.');
      await saveForDocuments('console-overview');
      await page.getByRole('link', { name: /^Flower shop/ }).click();
      await press('Enter a key');
      await page.fill('input[name="unisender_key"]', newKey);
      await pressInDialog('Check and save');
      await page.getByRole('alert').first().waitFor({ state: 'detached' });
      await browser.goTo(page, '/accounts');
      await row('Flower shop').getByText('4 / 4').waitFor();
      await browser.goTo(page, '/');
      await waitForText('Nothing needs your attention');
    },
    WAIT_MS,
  );

  it(
    'chooses another list by its title',
    async () => {
      await browser.goTo(page, `/accounts/${company.accountId}/settings`);
      await page.getByLabel('Which list').selectOption('title');
      await page.getByLabel('Title', { exact: true }).fill('Customers');
      await press('Save');
      await waitForText('The settings are saved');
      await page
        .getByText(/^Customers \(\d+\)$/)
        .first()
        .waitFor();
    },
    WAIT_MS,
  );

  it(
    'previews, starts and cancels runs, and pauses and resumes an account',
    async () => {
      await browser.goTo(page, pathOf('runs'));
      await press('Preview a reconciliation');
      await waitForText('A reconciliation would');
      await press('Reconcile');
      await page.getByRole('row').filter({ hasText: 'Reconcile' }).getByText('Completed').waitFor();
      await service.api.send('POST', '/operations/queues/imports/pause', {});
      await press('Import');
      await press('Cancel the run');
      await waitForText('The run is cancelled');
      await service.api.send('POST', '/operations/queues/imports/resume', {});
      await press('Pause');
      await page.getByLabel('Reason').fill('a move');
      await pressInDialog('Pause');
      await waitForText('Paused by an operator');
      await press('Resume');
      await waitForText('1 pause lifted');
    },
    WAIT_MS,
  );

  it(
    'saves failing addresses as a CSV file',
    async () => {
      await browser.goTo(page, pathOf('addresses'));
      const [download] = await Promise.all([page.waitForEvent('download'), press('Save as CSV')]);
      expect(download.suggestedFilename()).toBe(`addresses-${account.accountId}-failing.csv`);
      const [heading, ...lines] = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
      expect(heading).toContain('email');
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('no address');
    },
    WAIT_MS,
  );

  it(
    'works with the keyboard alone: skip link, pages, tabs, a dialog that keeps the focus and returns it',
    async () => {
      await browser.goTo(page, '/accounts');
      await page.evaluate('document.activeElement.blur()');
      const focused = () => page.evaluate<string>('document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText');
      const tabTo = async (name: string) => {
        for (let count = 0; count < MAX_TABS && (await focused()) !== name; count += 1) await page.keyboard.press('Tab');
        expect(await focused()).toBe(name);
      };
      await tabTo('Skip to the content');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
      await tabTo(`Company ${account.accountId}\n${account.accountId} · company${account.accountId}`);
      await page.keyboard.press('Enter');
      await tabTo('Runs');
      await page.keyboard.press('ArrowRight');
      await page.getByRole('tab', { name: 'Addresses', selected: true }).waitFor();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Shift+Tab');
      expect(await focused()).toBe('Change the key');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      for (let count = 0; count < 4; count += 1) {
        await page.keyboard.press('Tab');
        expect(await page.evaluate('document.activeElement.closest("[role=dialog]") !== null')).toBe(true);
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await eventually('the focus on the button', async () => (await focused()) === 'Change the key');
    },
    WAIT_MS,
  );

  it(
    'asks every two seconds while the stream fails, and shows old data with a warning while the service does not respond',
    async () => {
      const other = await browser.open();
      await other.route('**/operations/stream', (route) => route.fulfill({ status: 503, json: { status: 'error', data: null } }));
      await browser.enterToken(other, service.operator.authorization.replace('Bearer ', ''));
      await other.getByText('Every 2 s').waitFor();
      await browser.goTo(other, pathOf('events'));
      const contactId = await account.create({ name: 'Polled', emails: ['polled@example.org'], tags: ['client'] });
      await other.getByText(`contact ${contactId}`).first().waitFor();
      await other.route(/\/(operations|accounts|sync)\b/, (route) => route.abort());
      await other.getByRole('alert').getByText('The service does not respond.').waitFor();
      expect(await other.getByText(`contact ${contactId}`).count()).toBeGreaterThan(0);
      await other.evaluate("location.hash = '/audit'");
      await other.getByText('The service does not respond', { exact: true }).waitFor();
      expect(await findSeriousViolations(other)).toEqual([]);
      await save?.(other, 'offline');
      await other.unrouteAll();
      await other.getByText('Live').waitFor();
      await other.getByText('account.configure').first().waitFor();
      await other.context().close();
      browser.forget(/status of 503|net::ERR_FAILED/);
    },
    WAIT_MS,
  );

  it(
    'shows why an address fails, and syncs it again',
    async () => {
      await service.control.post(`/unisender/accounts/${account.unisenderKey}/refusals`, { email: 'late@example.org', place: 'row' });
      await account.create({ name: 'Late', emails: ['late@example.org'] });
      await eventually('a failing address', async () => (await account.getAccount()).jobs_waiting === 0);
      await browser.goTo(page, pathOf('addresses'));
      await waitForText('late@example.org');
      await service.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/refusals`);
      await press('Sync again: late@example.org');
      await waitForText('1 address will be synced again');
      await eventually('the address on the list', async () => (await account.onList()).has('late@example.org'));
    },
    WAIT_MS,
  );

  it(
    'previews a change that removes many addresses, and removes them after a confirmation with samples',
    async () => {
      await browser.goTo(page, pathOf('settings'));
      await page.getByLabel('Only contacts with one of these tags').fill('vip');
      await press('Preview');
      await waitForText('This change adds');
      await press('Save');
      await waitForText('The settings are saved');
      await browser.goTo(page, pathOf('runs'));
      await page.getByRole('button', { name: 'Confirm the removals' }).waitFor();
      await saveForDocuments('console-account');
      await press('Confirm the removals');
      expect(await page.getByRole('dialog').innerText()).toContain('@example.org');
      await pressInDialog(/^Remove \d+ addresses$/);
      await eventually('an empty list', async () => (await account.onList()).size === 0);
    },
    WAIT_MS,
  );

  it(
    'flags a key that Unisender refuses, with the remedy, and takes a new one',
    async () => {
      const newKey = 'another-unisender-key-0123456789abcdef';
      await service.control.post(`/unisender/accounts/${account.unisenderKey}/key`, { api_key: newKey });
      await account.create({ name: 'Vip', emails: ['vip@example.org'], tags: ['vip'] });
      await browser.goTo(page, '/');
      await waitForText('Unisender refuses the key');
      await page.locator('.attention__account').first().click();
      await press('Enter a key');
      await page.fill('input[name="unisender_key"]', newKey);
      await pressInDialog('Check and save');
      await page.getByRole('alert').filter({ hasText: 'Unisender refuses the key' }).first().waitFor({ state: 'detached' });
      await eventually('the new address', async () => {
        const held = await service.control.get<{ email: string }[]>(`/unisender/accounts/${newKey}/contacts`);
        return held.some(({ email }) => email === 'vip@example.org');
      });
    },
    WAIT_MS,
  );

  it(
    'finds a person and erases it',
    async () => {
      await browser.goTo(page, '/person');
      await page.getByLabel('E-mail address or contact id').fill('vip@example.org');
      await press('Find');
      await page.locator('.card').first().waitFor();
      expect(page.url()).not.toContain('vip');
      await saveForDocuments('console-person');
      const [download] = await Promise.all([page.waitForEvent('download'), press('Export')]);
      expect(await readFile(await download.path(), 'utf8')).toContain('vip@example.org');
      await press('Erase');
      await pressInDialog('Erase');
      await waitForText('No account knows this person');
    },
    WAIT_MS,
  );

  it(
    'buries and kicks a job, and signs out',
    async () => {
      await service.api.send('POST', '/operations/queues/contacts/pause', {});
      await account.create({ name: 'Queued', emails: ['queued@example.org'], tags: ['vip'] });
      await browser.goTo(page, '/queues');
      await press('Peek: contacts');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('State').selectOption('ready');
      await pressInDialog('Bury');
      await waitForText('is buried');
      await dialog.getByLabel('State').selectOption('buried');
      await pressInDialog('Kick');
      await waitForText('is kicked');
      await pressInDialog('Close');
      await browser.goTo(page, '/system');
      const finding = page.getByRole('row').filter({ hasText: 'The tube contacts is paused' });
      await finding.getByText(/^What to do: /).waitFor();
      await browser.goTo(page, '/queues');
      await press('Resume: contacts');
      await waitForText('The tube contacts works again');
      await press('Sign out');
      await waitForText('You are signed out.');
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
    },
    WAIT_MS,
  );

  it.each(['/docs', '/auth?id=32000001&button=1'])(
    'serves a page without serious findings of axe: %s',
    async (path) => {
      const other = await browser.open();
      await other.goto(`${service.url}${path}`);
      await other.locator('h1, h2').first().waitFor();
      expect(await findSeriousViolations(other)).toEqual([]);
      await save?.(other, path.replaceAll(/\W+/g, '-').slice(1));
      await other.context().close();
    },
    WAIT_MS,
  );

  it('reports no error in a page and no violation of the policy', () => {
    expect(browser.problems).toEqual([]);
  });
});
