import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountStore, AlertStore, type Database, DatabaseRequestLimiter, PauseStore, RateSlotStore } from '#database';
import { decideDisposition, errorCodeOf, Secret } from '#domain';
import { KommoClient } from '#kommo';
import { Keyring } from '#secrets';
import { AccountQueries, Integrations, TokenService, unisenderKeyContext } from '#sync';
import { hashKey, UnisenderClient } from '#unisender';
import { AccountWorkRunner } from '../../../libs/sync/src/push/account-work.js';
import { TokenVault } from '../../../libs/sync/src/tokens/token-vault.js';
import { createHarness, ENCRYPTION_KEY, type Harness, ShiftedClock } from '../../support/sync-harness.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { halfBody, json, startStubVendor, type StubResponse, type StubVendor, text } from './stub-vendor.js';

const [ACCOUNT_ID, OTHER_ID] = [501, 502];
const KEY = Secret.of('planted-unisender-key-0123456789abcdef');
const jobs = { release: 'released', bury: 'buried', delete: 'deleted' } as const;

interface Row {
  readonly response: string;
  readonly code: string;
  readonly job: string;
  readonly pauses: string;
  readonly seconds: string;
  readonly alert: string;
}

const apiError = (code: string, error = 'a text') => json({ error, code });
const problem = (status: number, headers: Readonly<Record<string, string>> = {}) => json({ title: 'Refused', status }, status, headers);
const moved = (location: string) => text('', 301, { Location: location });
const companyOf = (id: number) => json({ id, name: 'Company', subdomain: `company${id}` });
const newPair = json({ token_type: 'Bearer', expires_in: 86_400, access_token: 'a.b.c', refresh_token: 'next' });

/** The responses of the stub for each row: the last one is repeated. */
const responses: Readonly<Record<string, readonly StubResponse[]>> = {
  'Kommo: 401, and 401 with a new token': [problem(401), newPair, problem(401)],
  'Kommo: 402': [problem(402)],
  'Kommo: 403': [problem(403)],
  'Kommo: 403 again after the pause': [problem(403)],
  'Kommo: 403 without JSON': [text('<html>', 403)],
  'Kommo: 429': [problem(429)],
  'Kommo: 429 with Retry-After: 120': [problem(429, { 'Retry-After': '120' })],
  'Kommo: 429 to two accounts': [problem(429)],
  'Kommo: 503': [text('', 503)],
  'Kommo: half a response': [halfBody('{"id":501}')],
  'Kommo: 400': [problem(400)],
  'Kommo: 301 to the new host of the account': [moved('https://renamed.kommo.com/'), companyOf(ACCOUNT_ID)],
  'Kommo: 301 to a host without the account': [moved('https://other.kommo.com/'), companyOf(OTHER_ID)],
  'Kommo: 301 to a host that is not allowed': [moved('https://evil.test/')],
  'Unisender: invalid_api_key': [apiError('invalid_api_key')],
  'Unisender: access_denied for a method that pushes need': [apiError('access_denied')],
  'Unisender: access_denied for another method': [apiError('access_denied')],
  'Unisender: not_enough_money': [apiError('not_enough_money')],
  'Unisender: a limit of the tariff': [apiError('unspecified', 'Your tariff allows 1000 contacts')],
  'Unisender: api_call_limit_exceeded_for_api_key': [apiError('api_call_limit_exceeded_for_api_key')],
  'Unisender: api_call_limit_exceeded_for_ip': [apiError('api_call_limit_exceeded_for_ip')],
  'Unisender: 429 with Retry-After: 120': [text('', 429, { 'Retry-After': '120' })],
  'Unisender: retry_later': [apiError('retry_later')],
  'Unisender: 503': [text('', 503)],
  'Unisender: an empty response': [text('')],
  'Unisender: unknown_method': [apiError('unknown_method')],
  'Unisender: invalid_arg': [apiError('invalid_arg')],
  'Unisender: 413': [text('Request Entity Too Large', 413)],
};

/** Reads the rows of docs/ERRORS.md. */
async function readRows(): Promise<Row[]> {
  const page = await readFile(new URL('../../../docs/ERRORS.md', import.meta.url), 'utf8');
  const [, table = ''] = /<!-- vendor-responses: begin -->\n([^]*?)<!-- vendor-responses: end -->/.exec(page) ?? [];
  const lines = table.trim().split('\n').slice(2);
  return lines.map((line) => {
    const [vendor = '', response = '', code = '', job = '', pauses = '', seconds = '', alert = ''] = line
      .replaceAll('`', '')
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { response: `${vendor}: ${response}`, code, job, pauses, seconds, alert };
  });
}

describe('a response of a vendor to the call of a job', () => {
  const databases = openTestDatabases('sqlite');
  let rows: Row[];
  let vendor: StubVendor;
  let database: Database;
  let clock: ShiftedClock;
  let harness: Harness;

  beforeAll(async () => {
    rows = await readRows();
    vendor = await startStubVendor();
  });
  afterAll(() => vendor.close());

  beforeEach(async () => {
    clock = new ShiftedClock();
    database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    const stores = { slots: new RateSlotStore(database), pauses: new PauseStore(database) };
    const limiter = new DatabaseRequestLimiter(stores, systemClock, () => undefined);
    harness = await createHarness({ database, sandbox: { url: vendor.origin.origin }, limiter, clock });
    for (const accountId of [ACCOUNT_ID, OTHER_ID]) await addAccount(accountId);
  });

  const addAccount = async (accountId: number) => {
    const integration = { clientId: 'client', clientSecret: 'secret', redirectUri: 'https://sync.example.org/auth' };
    await harness.get(Integrations).saveWithAccount({ accountId, ...integration });
    await harness.get(AccountStore).setStatus(accountId, 'active');
    const unisenderKey = new Keyring(ENCRYPTION_KEY).encrypt(KEY.reveal(), unisenderKeyContext(accountId));
    const changes = { host: `company${accountId}.kommo.com`, unisenderKey, unisenderKeyHash: hashKey(KEY) };
    await harness.get(AccountStore).update(accountId, changes);
    const pair = { accessToken: Secret.of('old.access.token'), refreshToken: Secret.of('old'), expiresInSeconds: 86_400, claims: {} };
    await harness.get(TokenVault).save(accountId, pair);
  };

  /** Calls the vendor as a job does. Returns the error. */
  const work = async (response: string, accountId = ACCOUNT_ID): Promise<unknown> => {
    const callKommo = () => harness.get(TokenService).withSession(accountId, (session) => harness.get(KommoClient).getAccount(session));
    const unisender = harness.get(UnisenderClient);
    const callUnisender = () =>
      response.endsWith('another method') ? unisender.exclude(KEY, 'a@example.com', [1]) : unisender.getLists(KEY);
    const call: () => Promise<unknown> = response.startsWith('Kommo') ? callKommo : callUnisender;
    const running = harness.get(AccountWorkRunner).run<unknown>(accountId, new AbortController().signal, call);
    return running.then(
      () => undefined,
      (error: unknown) => error,
    );
  };

  const provoke = async (response: string): Promise<unknown> => {
    vendor.respondWith(...(responses[response] ?? []));
    if (response.endsWith('to two accounts')) await work(response, OTHER_ID);
    if (!response.endsWith('again after the pause')) return work(response);
    await work(response);
    clock.advance(60_001);
    return work(response);
  };

  /** The scopes that wait now because of this account, and their common length. */
  const readPauses = async (nowMs: number) => {
    const pauses = await harness.get(PauseStore).listActive(10);
    const ours = pauses.filter(({ kind, id }) => kind !== 'account' || id === String(ACCOUNT_ID));
    const kinds = [...new Set(ours.map(({ kind }) => kind))].sort();
    const seconds = [...new Set(ours.map(({ until }) => String(Math.round((until - nowMs) / 10_000) * 10)))];
    return { pauses: kinds.join(', '), seconds: seconds.join(', ') };
  };

  it('is provoked by this test for each row of docs/ERRORS.md', () => {
    expect(rows.map(({ response }) => response)).toEqual(Object.keys(responses));
  });

  it.each(Object.keys(responses))('R77: has the effects of its row: %s', async (response) => {
    const error = await provoke(response);
    const { action } = error === undefined ? ({ action: 'delete' } as const) : decideDisposition({ error, number: 5, ageSeconds: 60 }, 0.5);
    const [alert] = await harness.get(AlertStore).listDue(5);
    const code = error === undefined ? '' : errorCodeOf(error);
    const effects = { code, job: jobs[action], ...(await readPauses(clock.nowMs())), alert: alert?.kind ?? '' };
    expect({ response, ...effects }).toEqual(rows.find((row) => row.response === response));
  });

  it('R74: a 401 with a new token flags the account after one refresh, and no more calls follow', async () => {
    const before = vendor.requests.length;
    await provoke('Kommo: 401, and 401 with a new token');
    const calls = vendor.requests.length;
    expect(calls - before).toBe(3);
    expect(errorCodeOf(await work('Kommo'))).toBe('reauthorization_required');
    expect(vendor.requests).toHaveLength(calls);
  });

  it('402 shows the account as suspended for an hour, and its work continues after that', async () => {
    await provoke('Kommo: 402');
    const shown = () => harness.get(AccountQueries).find(ACCOUNT_ID);
    expect(await shown()).toMatchObject({ status: 'suspended', paused: { code: 'kommo_payment_required' }, attention: ['suspended'] });
    vendor.respondWith(companyOf(ACCOUNT_ID));
    expect(errorCodeOf(await work('Kommo: 402'))).toBe('account_paused');
    clock.advance(3_600_001);
    expect(await work('Kommo: 402')).toBeUndefined();
    expect(await shown()).toMatchObject({ status: 'active', paused: null, attention: [] });
  });

  it.each([
    ['access_denied', ' for a method that pushes need'],
    ['not_enough_money', ''],
  ])('%s is shown, and does not flag the key', async (code, of) => {
    await provoke(`Unisender: ${code}${of}`);
    expect(await harness.get(AccountQueries).find(ACCOUNT_ID)).toMatchObject({ status: 'active', attention: [`unisender_${code}`] });
    expect((await harness.get(AccountStore).find(ACCOUNT_ID))?.unisenderBlock).toBeNull();
  });

  it('R74: a refused key does not flag an account that has another key by now', async () => {
    await harness.get(AccountStore).update(ACCOUNT_ID, { unisenderKeyHash: hashKey(Secret.of('the-new-key')) });
    expect(errorCodeOf(await provoke('Unisender: invalid_api_key'))).toBe('account_busy');
    expect((await harness.get(AccountStore).find(ACCOUNT_ID))?.unisenderBlock).toBeNull();
    expect(await harness.get(AlertStore).listDue(5)).toEqual([]);
  });

  it('R77: a limit of the key or of the IP also stops other accounts of the same key or IP', async () => {
    for (const code of ['api_call_limit_exceeded_for_api_key', 'api_call_limit_exceeded_for_ip']) {
      await provoke(`Unisender: ${code}`);
      const calls = vendor.requests.length;
      expect(errorCodeOf(await work('Unisender', OTHER_ID))).toMatch(/^(unisender_rate_limited|vendor_paused|account_paused)$/);
      expect(vendor.requests).toHaveLength(calls);
      clock.advance(120_000);
    }
  });
});
