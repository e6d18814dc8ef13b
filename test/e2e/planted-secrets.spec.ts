import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Keyring } from '#secrets';
import { eventually } from '../support/built-process.js';
import type { ServiceAccount } from '../support/service-account.js';
import { ServiceProcesses, serviceModes } from '../support/service-processes.js';
import { startStubVendor, type StubVendor, text } from '../integration/vendors/stub-vendor.js';

const CRONITOR_KEY = 'planted-cronitor-key-0123456789';
const ALERT_PATH = '/planted-alert-path-0123456789';
const REFUSED_KEY = 'planted-refused-unisender-key-0123456789';
const GUESSED_TOKEN = 'planted-guessed-operator-token-0123456789';
const BAD_ENCRYPTION_KEY = 'planted-bad-encryption-key-0123456789';
const CONTACTS = 30;

/** The encodings in which a text can occur. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // The base64 form depends on the position inside a longer text. The middle part has only three forms.
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), ...shifted];
  return [...new Set([...forms, ...shifted.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))])];
}

describe.each(serviceModes())('R41: planted secrets (%s)', (mode) => {
  let vendor: StubVendor;
  let service: ServiceProcesses;
  let account: ServiceAccount;
  const secrets = new Map<string, string>();
  const responses: { place: string; bytes: Buffer }[] = [];

  beforeAll(async () => {
    vendor = await startStubVendor();
    vendor.respondWith(text('', 500));
    const env = {
      LOG_LEVEL: 'debug',
      LOG_FORMAT: mode === 'embedded' ? 'text' : 'json',
      CRONITOR_API_KEY: CRONITOR_KEY,
      CRONITOR_URL: vendor.origin.origin,
      ALERT_WEBHOOK_URL: `${vendor.origin.origin}${ALERT_PATH}`,
      WATCHDOG_CRON: '* * * * * *',
      TOKEN_RENEW_CRON: '* * * * * *',
      TOKEN_RENEW_WITHIN_HOURS: '48',
    };
    service = await ServiceProcesses.start({ mode, env });
    account = await service.addAccount();
  });

  afterAll(async () => {
    await service.stop();
    await vendor.close();
  });

  const addSecret = (name: string, secret: string) => {
    if (secret.length < 12) throw new Error(`${name} is too short to search for`);
    secrets.set(name, secret);
  };

  /** Sends a request and stores the response. */
  async function call(method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<void> {
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await service.api.fetch(path, {
      method,
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...headers },
      ...json,
    });
    const head = [...response.headers].map((pair) => pair.join(': ')).join('\n');
    responses.push({
      place: `${response.status} to ${method} ${path.split('?')[0]}`,
      bytes: Buffer.from(`${head}\n${await response.text()}`),
    });
  }

  /** Adds every encrypted value of the database to the secrets. */
  async function addEncryptedValues(when: string): Promise<void> {
    const { database, encryptionKey } = await service.openDatabase();
    const keyring = new Keyring(encryptionKey);
    const open = async (table: string, key: string, columns: readonly string[], nameColumn?: string) => {
      for (const row of await database.query<Record<string, string>>(`SELECT * FROM ${table}`)) {
        for (const column of columns) {
          const encrypted = row[column];
          if (encrypted)
            addSecret(
              `${table}.${column}${nameColumn ? ` ${row[nameColumn]}` : ''} ${when}`,
              keyring.decrypt(String(encrypted), `${table}.${column}:${row[key]}`).reveal(),
            );
        }
      }
    };
    await open('integrations', 'client_id', ['client_secret']);
    await open('accounts', 'account_id', ['unisender_key']);
    await open('webhook_tokens', 'token_hash', ['token'], 'vendor');
    await open('accesses', 'account_id', ['access_token', 'refresh_token']);
    addSecret('encryption key', encryptionKey.reveal());
    await database.close();
  }

  async function addSentTokens(): Promise<void> {
    for (const { body } of await service.control.calls('/oauth2/access_token')) {
      for (const name of ['code', 'client_secret', 'refresh_token']) {
        const value = (body as Record<string, string> | undefined)?.[name];
        if (value) addSecret(`sent ${name} ${value.slice(-6)}`, value);
      }
    }
  }

  async function runService(): Promise<void> {
    await account.connect();
    await account.create({ name: 'Planted Person', emails: ['planted.person@example.com'] });
    await service.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count: CONTACTS });
    for (const kind of ['500', 'half_body', '403html', 'invalid_arg']) await service.control.fault({ target: 'unisender', kind, times: 1 });
    for (const kind of ['401', '502', 'reset', 'half_body']) await service.control.fault({ target: 'kommo', kind, times: 1 });
    await account.create({ name: 'Planted Other', emails: ['planted.other@example.com'] });
    await eventually('other contacts', async () => (await account.onList()).has('planted.other@example.com'));
    expect(await service.runCommand(['update-accesses', '48'])).toBe(0);
  }

  /** Sends secrets in wrong places, and guessed secrets. */
  async function sendMisplacedSecrets(): Promise<void> {
    const { token } = await service.control.post<{ token: string }>(`/kommo/accounts/${account.accountId}/disposable-token`, {
      client_id: service.clientId,
    });
    addSecret('disposable token', token);
    const hook = `/webhook/${secrets.get('webhook_tokens.token kommo at first') ?? ''}`;
    const unisenderHook = `/unisender/webhook/${secrets.get('webhook_tokens.token unisender at first') ?? ''}`;
    const clientSecret = secrets.get('integrations.client_secret at first') ?? '';
    const key = { account_id: account.accountId, unisender_key: REFUSED_KEY };
    await call('POST', '/widget', { 'x-auth-token': token }, key);
    await call('GET', `/widget/status?account_id=${account.accountId}`, { 'x-auth-token': token });
    await call('POST', '/widget', { 'x-auth-token': `${token}x` }, key);
    await call('POST', hook, {}, { account: { id: 7 }, contacts: { update: [{ id: 'x' }] } });
    await call('GET', unisenderHook);
    await call('POST', unisenderHook, {}, { auth: 'wrong' });
    await call('GET', `/accounts?token=${GUESSED_TOKEN}`, { authorization: `Bearer ${GUESSED_TOKEN}` });
    await call('GET', `/auth?code=${clientSecret}&state=${clientSecret}&referer=company.kommo.com&client_id=${service.clientId}`);
    await call('POST', '/integration', service.operator, { client_secret: clientSecret, client_id: service.clientId, redirect_uri: '' });
    await call('POST', '/setup', service.operator, { client_secret: clientSecret, account_id: clientSecret });
    for (const path of [
      '/accounts',
      `/operations/accounts/${account.accountId}`,
      '/operations/failures',
      '/operations/queues',
      '/operations/audit',
      '/metrics',
    ])
      await call('GET', path, service.operator);
    await call('GET', `/operations/events?account_id=${account.accountId}`, service.operator);
    await service.runCommand(['how-time'], { ENCRYPTION_KEY: BAD_ENCRYPTION_KEY });
  }

  it('do not occur in anything that the service writes', async () => {
    for (const [name, secret] of Object.entries({ CRONITOR_KEY, ALERT_PATH, REFUSED_KEY, GUESSED_TOKEN, BAD_ENCRYPTION_KEY }))
      addSecret(name, secret);
    addSecret('operator token', service.operator.authorization.slice('Bearer '.length));
    await addEncryptedValues('before');
    await runService();
    await addEncryptedValues('at first');
    await sendMisplacedSecrets();
    await service.control.post(`/kommo/accounts/${account.accountId}/revoke`, {});
    await eventually('a refused account', async () => (await account.getAccount()).status === 'reauthorization_required');
    await addEncryptedValues('at last');
    await addSentTokens();
    const written = [...(await service.readEverything()), ...responses];
    const found = written.flatMap(({ place, bytes }) =>
      [...secrets].filter(([, secret]) => formsOf(secret).some((form) => bytes.includes(form))).map(([name]) => `${name} in ${place}`),
    );
    expect(found).toEqual([]);
    expect(written.filter(({ place }) => place.includes('logs/')).length).toBeGreaterThan(0);
    expect(written.some(({ bytes }) => bytes.includes('planted.person@example.com'))).toBe(true);
    const outsideDatabase = written.filter(({ place }) => !/sqlite|MariaDB/.test(place) && !place.startsWith('200'));
    expect(outsideDatabase.filter(({ bytes }) => bytes.includes('planted.person@')).map(({ place }) => place)).toEqual([]);
  });
});
