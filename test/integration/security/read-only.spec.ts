import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditStore } from '#database';
import { ConsoleBrowser, findSeriousViolations } from '../../support/console-browser.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { hasChromium } from '../../support/widget-browser.js';
import { ApiScene, type Method, OPERATOR, OPERATOR_TOKEN } from '../api/api-scene.js';
import { listRoutes } from '../api/routes.js';

const ACCOUNT_ID = 501;
const READ_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Routes that read although their method is not GET. */
const READS = ['POST /operations/export', 'POST /operations/person'];

/** Its response does not end. */
const STREAM = '/operations/stream';

/** Buttons that only read. */
const HARMLESS_BUTTONS = ['Copy', 'Peek', 'Preview', 'Search', 'Find', 'Load more', 'Try again'];
const BROWSER_MS = 240_000;

describe('CONSOLE_READ_ONLY=1', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open(), config: { consoleReadOnly: true } });
    await scene.addAccount(ACCOUNT_ID);
  });

  const listOperations = () => listRoutes(scene).filter(({ path }) => path.startsWith('/operations/'));
  const urlOf = (path: string) => path.replace(':account_id', String(ACCOUNT_ID)).replaceAll(/:\w+/g, '1');

  it('refuses everything under /operations that changes something', async () => {
    const audited = async () => (await scene.harness.get(AuditStore).list({ limit: 1_000 })).length;
    const before = await audited();
    const changing = listOperations().filter(({ method, path }) => !READ_METHODS.includes(method) && !READS.includes(`${method} ${path}`));
    expect(changing.length).toBeGreaterThan(0);
    for (const { method, path } of changing) {
      const { status, body } = await scene.sendAsOperator(method as Method, urlOf(path), { body: { account_id: ACCOUNT_ID } });
      expect({ method, path, status, error: body.data['error'] }).toEqual({ method, path, status: 403, error: 'console_read_only' });
    }
    expect(await audited()).toBe(before);
  });

  it('refuses before it reads the body', async () => {
    const call = { headers: { 'content-type': 'application/json' }, body: '{"broken' };
    expect((await scene.sendAsOperator('POST', '/operations/erase', call)).status).toBe(403);
  });

  it('allows what reads', async () => {
    for (const { method, path } of listOperations().filter(({ method, path }) => method === 'GET' && path !== STREAM)) {
      expect({ method, path, status: (await scene.sendAsOperator('GET', urlOf(path))).status }).not.toMatchObject({ status: 403 });
    }
    const call = { body: { email: 'a@example.org', account_id: ACCOUNT_ID } };
    expect((await scene.sendAsOperator('POST', '/operations/export', call)).status).toBe(200);
    expect((await scene.sendAsOperator('POST', '/operations/person', call)).status).toBe(200);
    const stream = new AbortController();
    await scene.app.listen(0, '127.0.0.1');
    const response = await fetch(`${await scene.app.getUrl()}${STREAM}`, { headers: OPERATOR, signal: stream.signal });
    expect(response.status).toBe(200);
    stream.abort();
  });

  it('does not show a client without the token that the console is read-only', async () => {
    expect((await scene.send('POST', '/operations/erase', { body: { email: 'a@example.org' } })).status).toBe(401);
  });

  (hasChromium() ? it : it.skip)(
    'disables the buttons of the console that change something, and says so on every page',
    async () => {
      await scene.app.listen(0, '127.0.0.1');
      const browser = await ConsoleBrowser.start(await scene.app.getUrl(), OPERATOR_TOKEN);
      try {
        const page = await browser.signIn();
        const enabled = async () =>
          (await page.locator('main button:enabled').allInnerTexts()).filter((text) => !HARMLESS_BUTTONS.includes(text));
        for (const path of ['/', '/accounts', '/queues', '/connect', '/audit', '/system', `/accounts/${ACCOUNT_ID}/settings`]) {
          await browser.goTo(page, path);
          await page.getByText('This console is read-only').waitFor();
          expect({ path, enabled: await enabled() }).toEqual({ path, enabled: [] });
        }
        expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
        expect(await findSeriousViolations(page)).toEqual([]);
        // Here is no vendor that could respond.
        browser.forget(/status of 50\d/);
        expect(browser.problems).toEqual([]);
      } finally {
        await browser.stop();
      }
    },
    BROWSER_MS,
  );

  it('changes nothing for the routes of the API outside the console', async () => {
    const body = {
      account_id: ACCOUNT_ID,
      client_id: 'another',
      client_secret: 'x'.repeat(32),
      redirect_uri: 'https://a.example.org/auth',
    };
    expect((await scene.sendAsOperator('POST', '/setup', { body })).status).toBe(200);
  });
});
