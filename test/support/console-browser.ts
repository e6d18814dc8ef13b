import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from './widget-browser.js';

const WAIT_MS = 120_000;

/** A response that a test provokes is reported by the browser as an error of the page. */
const PROVOKED = /Failed to load resource: .*(401|404|409|422)/;

/** The pages of the console, and their paths for an account. */
export const consolePages: readonly { readonly name: string; readonly toPath: (accountId: number) => string }[] = [
  { name: 'Overview', toPath: () => '/' },
  { name: 'Accounts', toPath: () => '/accounts' },
  { name: 'Runs', toPath: (accountId) => `/accounts/${accountId}/runs` },
  { name: 'Addresses', toPath: (accountId) => `/accounts/${accountId}/addresses` },
  { name: 'Events', toPath: (accountId) => `/accounts/${accountId}/events` },
  { name: 'Settings', toPath: (accountId) => `/accounts/${accountId}/settings` },
  { name: 'Find a person', toPath: () => '/person' },
  { name: 'Queues', toPath: () => '/queues' },
  { name: 'Connect', toPath: () => '/connect' },
  { name: 'Audit', toPath: () => '/audit' },
  { name: 'System', toPath: () => '/system' },
];

/** One Chromium that opens the console of a service. It collects what a page reports as wrong. */
export class ConsoleBrowser {
  /** Errors of pages and violations of the policy, in the order of their arrival. */
  readonly problems: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async start(url: string, token: string): Promise<ConsoleBrowser> {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
    return new ConsoleBrowser(browser, url, token);
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }

  /** Forgets the reports that a test has caused on purpose. */
  forget(expected: RegExp): void {
    const others = this.problems.filter((problem) => !expected.test(problem));
    this.problems.splice(0, this.problems.length, ...others);
  }

  /** Opens the page to sign in, in a context of its own. */
  async open(options: BrowserContextOptions = {}): Promise<Page> {
    const context: BrowserContext = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => this.problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !PROVOKED.test(message.text())) this.problems.push(message.text());
    });
    await page.goto(`${this.url}/console/`);
    return page;
  }

  /** Opens a page of the console with an empty cache and a session that exists already. */
  async openSignedIn(path: string): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 } });
    await context.addInitScript(`sessionStorage.setItem('console.operator-token', ${JSON.stringify(this.token)})`);
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    await page.goto(`${this.url}/console/#${path}`);
    return page;
  }

  /** Opens the console and signs in. */
  async signIn(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(options);
    await this.enterToken(page, this.token);
    await page.waitForSelector('.shell');
    return page;
  }

  /** Enters a token on the page to sign in. */
  async enterToken(page: Page, token: string): Promise<void> {
    await page.fill('input[name="token"]', token);
    await page.keyboard.press('Enter');
  }

  /** Goes to a page of the console and waits until its data is there. */
  async goTo(page: Page, path: string): Promise<void> {
    await page.evaluate(`location.hash = ${JSON.stringify(path)}`);
    await page.waitForSelector('.page-head h1');
    await page.locator('.loading').first().waitFor({ state: 'detached' });
  }
}

/** Lists the findings of axe on the page. */
export async function listViolations(page: Page): Promise<AxeResults['violations']> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
  return (await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })')).violations;
}

/** Lists the serious findings of axe on the page. */
export async function findSeriousViolations(page: Page): Promise<string[]> {
  return (await listViolations(page))
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
