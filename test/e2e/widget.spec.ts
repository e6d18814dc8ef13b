import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';
import { eventually } from '../support/built-process.js';
import { openScreenshots, type SaveScreenshot } from '../support/screenshots.js';
import { ServiceProcesses } from '../support/service-processes.js';
import { hasChromium, WidgetBrowser } from '../support/widget-browser.js';

const CODE = 'contact_sync';
const ADMINISTRATOR = 11;
const MANAGER = 12;
const WAIT_MS = 120_000;
const WRONG_KEY = 'wrong-key-0123456789abcdef';

const languages = ['en', 'es', 'pt', 'ru'] as const;
type Language = (typeof languages)[number];

/** Texts that a test looks for, in the languages. */
const refusedKey: Readonly<Record<Language, string>> = {
  en: 'Unisender refuses this key',
  es: 'Unisender rechaza esta clave',
  pt: 'O Unisender recusa esta chave',
  ru: 'Unisender не принимает этот ключ',
};
const inSync: Readonly<Record<Language, string>> = {
  en: 'In sync since',
  es: 'Sincronizado desde',
  pt: 'Sincronizado desde',
  ru: 'Синхронизировано с',
};

interface Company {
  readonly accountId: number;
  readonly key: string;
  readonly host: string;
}

interface HostState {
  readonly saved: readonly { readonly active: string; readonly fields: Readonly<Record<string, string>> }[];
  readonly saveErrors: number;
}

interface View {
  readonly lang?: Language;
  readonly theme?: 'light' | 'dark';
  readonly userId?: number;
}

(hasChromium() ? describe : describe.skip)('the widget in the settings window of Kommo', () => {
  let service: ServiceProcesses;
  let browser: WidgetBrowser;
  const contexts: BrowserContext[] = [];
  let companies = 0;
  const connectedCompanies: Company[] = [];
  let saveScreenshot: SaveScreenshot | undefined;

  beforeAll(async () => {
    service = await ServiceProcesses.start({ mode: 'embedded' });
    browser = await WidgetBrowser.start(service.sandboxUrl);
    const archive = await (await service.api.fetch('/widget.zip', {})).arrayBuffer();
    await service.control.post('/kommo/widgets', { code: CODE, archive: Buffer.from(archive).toString('base64') });
    saveScreenshot = await openScreenshots('WIDGET_SCREENSHOTS');
  }, WAIT_MS);

  afterAll(async () => {
    await browser?.stop();
    await service?.stop();
  }, WAIT_MS);

  /** Adds a company whose Kommo account has three contacts and two users. The service does not know it. */
  async function addCompany(): Promise<Company> {
    companies += 1;
    const accountId = 33_000_000 + companies;
    const company = { accountId, key: `unisender-key-${accountId}-0123456789abcdef`, host: `company${accountId}.kommo.com` };
    await service.control.post('/kommo/accounts', {
      id: accountId,
      name: `Company ${accountId}`,
      subdomain: `company${accountId}`,
      language: 'en',
      users: [
        { id: ADMINISTRATOR, is_admin: true },
        { id: MANAGER, is_admin: false },
      ],
    });
    await service.control.post('/unisender/accounts', { api_key: company.key, login: `owner${accountId}@example.org` });
    await service.control.post(`/unisender/accounts/${company.key}/lists`, { title: 'News' });
    for (const [name, emails, tags] of [
      ['Ann', ['ann@example.org'], ['client']],
      ['Bob', ['bob@example.org'], []],
      ['Eve', ['not an address'], []],
    ] as const) {
      await service.control.post(`/kommo/accounts/${accountId}/contacts`, { name, emails, tags, hooks: false });
    }
    return company;
  }

  async function allow({ accountId }: Company): Promise<void> {
    const consent = new URL(await service.api.location(`/auth?id=${accountId}`));
    const { redirect } = await service.control.post<{ redirect: string }>(`/kommo/accounts/${accountId}/consent`, {
      client_id: service.clientId,
      state: consent.searchParams.get('state'),
    });
    const { pathname, search } = new URL(redirect);
    await service.api.send('GET', pathname + search);
  }

  const readStatus = async ({ accountId }: Company) =>
    service.api.send<{
      unisender_key: string | null;
      connected: boolean;
      settings: Record<string, unknown>;
      last_run: { state: string } | null;
    }>('GET', `/widget/status?account_id=${accountId}`);

  async function openWindow(
    { accountId, host }: Company,
    { lang = 'en', theme = 'light', userId = ADMINISTRATOR }: View = {},
  ): Promise<Page> {
    const context = await browser.newContext({ host, userId });
    for (const earlier of contexts.splice(0, contexts.length, context)) await earlier.close();
    const page = await context.newPage();
    page.on('pageerror', (error) => errors.push(String(error)));
    const query = new URLSearchParams({
      code: CODE,
      account_id: String(accountId),
      client_id: service.clientId,
      user_id: String(userId),
      lang,
      theme,
    });
    await page.goto(`https://${host}/settings/widgets/?${query.toString()}`);
    await page.waitForFunction('window.host && window.host.isReady', undefined, { timeout: WAIT_MS });
    await openModal(page);
    return page;
  }

  async function openModal(page: Page): Promise<void> {
    await page.click('#open_widget');
    await page.waitForSelector('.contact-sync__headline', { timeout: WAIT_MS });
  }

  const errors: string[] = [];
  const hostOf = (page: Page) => page.evaluate<HostState>('window.host');
  const headline = async (page: Page) => (await page.innerText('.contact-sync__headline')).trim();
  const waitForText = (page: Page, text: string) => page.locator(`text=${text}`).first().waitFor({ timeout: WAIT_MS });

  async function save(page: Page, key?: string): Promise<void> {
    if (key !== undefined) await page.fill('input[name="api_key"]', key);
    const { saved, saveErrors } = await hostOf(page);
    await page.click('.js-widget-save');
    await page.waitForFunction(`window.host.saved.length + window.host.saveErrors > ${saved.length + saveErrors}`, undefined, {
      timeout: WAIT_MS,
    });
  }

  async function findSeriousViolations(page: Page): Promise<string[]> {
    if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>('axe.run(".modal", { resultTypes: ["violations"] })');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  async function takeScreenshot(page: Page, name: string): Promise<void> {
    await saveScreenshot?.(page, name, { fullPage: true });
  }

  async function untilInSync(page: Page, lang: Language = 'en'): Promise<void> {
    await waitForText(page, inSync[lang]);
  }

  it(
    'connects an account whose install call was lost: link, consent, and the window goes on by itself',
    async () => {
      const company = await addCompany();
      const page = await openWindow(company);
      expect(await headline(page)).toBe('Not connected');
      await takeScreenshot(page, 'not-connected');
      const [consent] = await Promise.all([page.context().waitForEvent('page'), page.click('[data-action="connect"]')]);
      await consent.selectOption('select[name="account_id"]', String(company.accountId));
      await consent.click('button[value="allow"]');
      await waitForText(page, 'Connected to Kommo');
      expect((await readStatus(company)).connected).toBe(true);
      await page.waitForSelector('[name="contact_sync_list_title"]', { timeout: WAIT_MS });
    },
    WAIT_MS,
  );

  describe.each(languages)('in the language %s', (lang) => {
    let page: Page;

    it(
      'shows a refused key beside its field and saves nothing; then imports with a valid key',
      async () => {
        const company = await addCompany();
        await allow(company);
        page = await openWindow(company, { lang });
        await save(page, WRONG_KEY);
        const input = page.locator('input[name="api_key"]');
        expect(await page.innerText('.widget_settings_block__item_field [role="alert"]')).toContain(refusedKey[lang]);
        expect(await input.getAttribute('aria-invalid')).toBe('true');
        expect(await hostOf(page)).toMatchObject({ saved: [], saveErrors: 1 });
        expect((await readStatus(company)).unisender_key).toBeNull();
        await takeScreenshot(page, `refused-key-${lang}`);
        await save(page, company.key);
        expect(await page.locator('[role="alert"]').count()).toBe(0);
        const { saved } = await hostOf(page);
        expect(saved).toHaveLength(1);
        expect(JSON.stringify(saved)).not.toContain(company.key);
        await eventually('a complete import', async () => (await readStatus(company)).last_run?.state === 'completed', WAIT_MS);
        await page.waitForSelector('[data-part="failures"] td', { timeout: WAIT_MS });
        expect(await page.innerText('[data-part="failures"]')).toContain('not an address');
        connectedCompanies.push(company);
      },
      WAIT_MS,
    );

    it(
      'is complete and accessible when it is opened again, in both themes',
      async () => {
        await page.click('.js-modal-close');
        await openModal(page);
        await page.waitForSelector('[name="contact_sync_list_title"]', { timeout: WAIT_MS });
        await untilInSync(page, lang);
        await page.locator('[data-part="failures"]').getByText('not an address').waitFor({ timeout: WAIT_MS });
        const text = await page.innerText('.modal');
        expect(text).not.toMatch(/\b(status|actions|failures|form|save|errors|attention|reasons)\.[a-z_]+|\{\w+[^}]*\}|undefined|NaN/);
        for (const theme of ['light', 'dark'] as const) {
          await page.evaluate(`document.body.classList.toggle('dark', ${theme === 'dark'})`);
          expect(await findSeriousViolations(page)).toEqual([]);
          await takeScreenshot(page, `in-sync-${lang}-${theme}`);
          if (lang === 'en' && theme === 'light') await saveScreenshot?.(page, 'widget', { isSmall: true });
        }
      },
      WAIT_MS,
    );
  });

  /** A company in sync, for tests that change nothing. */
  function connected(): Company {
    const [company] = connectedCompanies;
    if (!company) throw new Error('no company is connected');
    return company;
  }

  it(
    'shows how many addresses a change removes, and saves it when it is saved again',
    async () => {
      const company = await addCompany();
      await allow(company);
      await service.api.send('POST', '/widget', { account_id: company.accountId, unisender_key: company.key });
      await eventually('a complete import', async () => (await readStatus(company)).last_run?.state === 'completed', WAIT_MS);
      const page = await openWindow(company);
      await page.waitForSelector('[name="contact_sync_include_tags"]', { timeout: WAIT_MS });
      await page.selectOption('[name="contact_sync_include_tags"]', 'client');
      expect(JSON.parse(await page.inputValue(`#${CODE}_custom`))).toEqual({ include_tags: ['client'] });
      await save(page);
      await waitForText(page, 'This change removes 1 address from the list');
      expect((await readStatus(company)).settings['include_tags']).toEqual([]);
      await takeScreenshot(page, 'would-remove');
      await save(page);
      expect((await hostOf(page)).saved).toHaveLength(1);
      expect((await readStatus(company)).settings['include_tags']).toEqual(['client']);
    },
    WAIT_MS,
  );

  it(
    'maps a field to a new Unisender field and keeps the other settings',
    async () => {
      const company = await addCompany();
      await allow(company);
      const page = await openWindow(company);
      await page.waitForSelector('[data-kommo-field="POSITION"]', { timeout: WAIT_MS });
      await page.selectOption('[data-kommo-field="POSITION"]', 'kommo_position');
      await page.fill('[name="contact_sync_list_title"]', 'Customers');
      await page.check('[name="contact_sync_delete_policy"][value="exclude"]');
      await page.uncheck('[name="contact_sync_kind"][value="OTHER"]');
      await page.fill('[name="contact_sync_write_back_tag"]', 'no mail');
      await save(page, company.key);
      expect((await readStatus(company)).settings).toMatchObject({
        fields: { POSITION: 'kommo_position' },
        list_title: 'Customers',
        delete_policy: 'exclude',
        address_kinds: ['WORK', 'PRIV'],
        write_back_tag: 'no mail',
        include_tags: [],
      });
    },
    WAIT_MS,
  );

  it(
    'starts a comparison by its button, with the keyboard',
    async () => {
      const company = connected();
      const page = await openWindow(company);
      const started = page.waitForResponse(
        (response) => response.url().endsWith('/widget/actions') && response.request().method() === 'POST',
      );
      await page.locator('[data-action="reconcile"]').focus();
      await page.keyboard.press('Enter');
      expect((await started).status()).toBe(202);
      await waitForText(page, 'The comparison starts.');
      await untilInSync(page);
    },
    WAIT_MS,
  );

  it(
    'is disabled without a check, whatever the key field holds',
    async () => {
      const company = connected();
      const page = await openWindow(company);
      await page.fill('input[name="api_key"]', WRONG_KEY);
      const requests: string[] = [];
      page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
      await page.click('.js-widget-uninstall');
      await page.waitForFunction('window.host.saved.length === 1', undefined, { timeout: WAIT_MS });
      expect((await hostOf(page)).saved[0]?.active).toBe('N');
      expect(requests.filter((request) => request.startsWith('POST'))).toEqual([]);
    },
    WAIT_MS,
  );

  it(
    'R44: lets a user without administrator rights read the state only',
    async () => {
      const company = connected();
      const page = await openWindow(company, { userId: MANAGER });
      await waitForText(page, 'Only administrators of the account can change the settings.');
      expect(await page.locator('[name="contact_sync_list_title"]').count()).toBe(0);
      await save(page, WRONG_KEY);
      expect(await page.innerText('[data-part="message"]')).toBe('Only administrators of the account can do this.');
      expect(await page.locator('[data-action]').count()).toBe(0);
      expect(await page.innerText('.modal')).not.toContain('not an address');
      expect(await hostOf(page)).toMatchObject({ saved: [] });
    },
    WAIT_MS,
  );

  it('raises no error in the page', () => {
    expect(errors.filter((error) => !error.includes('Refusal'))).toEqual([]);
  });
});
