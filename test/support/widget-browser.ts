import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** Debian's browser. */
export const CHROMIUM = '/usr/bin/chromium';

/** Nothing but the page under test uses the network; a page of Kommo may call a service on this machine. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-features=LocalNetworkAccessChecks,Translate,MediaRouter,OptimizationHints',
  '--ignore-certificate-errors',
];

/** Whether this machine has the browser. With CI=true it throws unless it has. */
export function hasChromium(): boolean {
  if (existsSync(CHROMIUM)) return true;
  if (process.env['CI'] === 'true') throw new Error('chromium must be installed: CI runs every test');
  process.stderr.write('chromium is not installed; its tests are skipped\n');
  return false;
}

async function createCertificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const subject = ['-subj', '/CN=kommo.com', '-addext', 'subjectAltName=DNS:*.kommo.com'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' });
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Passes HTTPS requests on to the sandbox, with their `Host` header: Kommo's pages are served over HTTPS. */
async function startHttps(sandboxUrl: string): Promise<Server> {
  const server = createServer(await createCertificate(), (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const passed = request(new URL(url ?? '/', sandboxUrl), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** One Chromium, in which every account host of Kommo leads to the sandbox. */
export class WidgetBrowser {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
  ) {}

  static async start(sandboxUrl: string): Promise<WidgetBrowser> {
    const server = await startHttps(sandboxUrl);
    const { port } = server.address() as AddressInfo;
    const args = [...CHROMIUM_FLAGS, `--host-resolver-rules=MAP *.kommo.com 127.0.0.1:${port}`];
    return new WidgetBrowser(server, await chromium.launch({ executablePath: CHROMIUM, args }));
  }

  async newContext(options: { readonly userId?: number; readonly host: string }): Promise<BrowserContext> {
    const context = await this.browser.newContext({ viewport: { width: 900, height: 1400 }, ignoreHTTPSErrors: true });
    if (options.userId !== undefined) {
      await context.addCookies([{ name: 'user_id', value: String(options.userId), domain: options.host, path: '/', secure: true }]);
    }
    return context;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
