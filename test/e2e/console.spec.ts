import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/built-process.js';
import { ConsoleBrowser, findSeriousViolations } from '../support/console-browser.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses } from '../support/service-processes.js';
import { hasChromium } from '../support/widget-browser.js';

const WAIT_MS = 240_000;
const CONTACTS = 60;

/** The pages of the console, and their paths for an account. */
const pages: readonly (readonly [string, (accountId: number) => string])[] = [
  ['Overview', () => '/'],
  ['Accounts', () => '/accounts'],
  ['Runs', (accountId) => `/accounts/${accountId}/runs`],
  ['Addresses', (accountId) => `/accounts/${accountId}/addresses`],
  ['Events', (accountId) => `/accounts/${accountId}/events`],
  ['Settings', (accountId) => `/accounts/${accountId}/settings`],
  ['Find a person', () => '/person'],
  ['Queues', () => '/queues'],
  ['Connect', () => '/connect'],
  ['Audit', () => '/audit'],
  ['System', () => '/system'],
];

/** With this variable the test keeps its screenshots in that folder. */
const screenshots = process.env['CONSOLE_SCREENSHOTS'];

(hasChromium() ? describe : describe.skip)('the console in Chromium', () => {
  let service: ServiceProcesses;
  let browser: ConsoleBrowser;
  let account: ServiceAccount;
  let page: Page;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode: 'embedded' });
    browser = await ConsoleBrowser.start(service.url, service.operator.authorization.replace('Bearer ', ''));
    account = await service.addAccount();
    const contacts = Array.from({ length: CONTACTS }, (_, index) => ({ name: `Person ${index}`, emails: [`person${index}@example.org`] }));
    await account.createMany(contacts.map((contact) => ({ ...contact, tags: ['client'], hooks: false })));
    await account.create({ name: 'Ann', emails: ['ann@example.org', 'no address'], hooks: false });
    if (screenshots !== undefined) await mkdir(screenshots, { recursive: true });
  }, WAIT_MS);

  afterAll(async () => {
    await browser?.stop();
    await service?.stop();
  }, WAIT_MS);

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

  it.each(pages)(
    'has no serious finding of axe and fits 360 px: %s',
    async (name, toPath) => {
      const path = toPath(account.accountId);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const width of screenshots === undefined ? [360] : [360, 768, 1440]) {
          await page.setViewportSize({ width, height: 900 });
          await browser.goTo(page, path);
          expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
          const file = `${name.toLowerCase().replaceAll(' ', '-')}-${width}-${colorScheme}.png`;
          if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, file) });
        }
        expect(await findSeriousViolations(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
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
      await page.getByText('Unisender refuses the key').waitFor({ state: 'detached' });
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
      await press('Resume: contacts');
      await waitForText('The tube contacts works again');
      await press('Sign out');
      await waitForText('You are signed out.');
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
    },
    WAIT_MS,
  );

  it('reports no error in a page and no violation of the policy', () => {
    expect(browser.problems).toEqual([]);
  });
});
