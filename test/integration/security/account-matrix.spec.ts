import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, AuditStore } from '#database';
import { openTestDatabases } from '../../support/test-databases.js';
import { type ApiResponse, ApiScene, type Call, type Method, OPERATOR } from '../api/api-scene.js';
import { signDisposableToken } from '../api/disposable-token.js';
import { listRoutes } from '../api/routes.js';

/** The account of the widget user. */
const OWN = 501;
/** The account that the widget user must not reach. */
const OTHER = 502;

const NAMES = ['account_id', 'id'] as const;
const MALFORMED = ['x', '', '0', '-1', '1e3', ' 502', '0502', '9'.repeat(40), '__proto__'];

/** Routes about one account, with what else they need. All other routes read no account name. */
const aboutAccount: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'POST /setup': { client_id: 'abc', client_secret: 'secret', redirect_uri: 'https://sync.example.org/auth' },
  'GET /auth': {},
  'GET /authcallback': {},
  'GET /kommo/contacts': {},
  'GET /kommo/uninstall': { client_uuid: 'abc', signature: 'def' },
  'GET /unisender/contacts': { email: 'a@example.org' },
  'POST /unisender/contacts': { emails: ['a@example.org'] },
  'POST /sync/contacts': {},
  'GET /sync/runs': {},
  'POST /widget': { unisender_key: 'stolen-key-0123456789' },
  'POST /widget/actions': { action: 'reconcile' },
  'GET /widget/failures': {},
  'GET /widget/options': {},
  'GET /widget/status': {},
  'GET /accounts/:account_id/settings': {},
  'PATCH /accounts/:account_id/settings': { write_back: true },
  'GET /operations/accounts/:account_id': {},
  'POST /operations/accounts/:account_id/approve': {},
  'POST /operations/accounts/:account_id/pause': {},
  'POST /operations/accounts/:account_id/resume': {},
  'GET /operations/events': {},
  'GET /operations/addresses': {},
  'POST /operations/resync': { all_failing: true },
  'GET /operations/failures': {},
  'GET /operations/audit': {},
  'GET /operations/person': { email: 'a@example.org' },
  'POST /operations/person': { email: 'a@example.org' },
  'GET /operations/export': { email: 'a@example.org' },
  'POST /operations/export': { email: 'a@example.org' },
  'POST /operations/erase': { email: 'a@example.org' },
};

const notAboutAccount = [
  'GET /sum',
  'GET /accounts',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /console',
  'GET /console*',
  'GET /docs',
  'GET /docs/:file',
  'GET /docs/json',
  'GET /operations/pauses',
  'GET /operations/overview',
  'GET /operations/system',
  'GET /operations/stream',
  'GET /operations/queues',
  'GET /operations/queues/:tube/peek',
  'POST /operations/queues/:tube/kick',
  'POST /operations/queues/:tube/pause',
  'POST /operations/queues/:tube/resume',
  'POST /operations/jobs/:job_id/kick',
  'POST /operations/jobs/:job_id/bury',
  'POST /operations/jobs/:job_id/delete',
  'POST /operations/vendors/:vendor/pause',
  'POST /operations/vendors/:vendor/resume',
  'POST /integration',
  'GET /sync/contacts/:run_id',
  'DELETE /sync/contacts/:run_id',
  'POST /sync/contacts/:run_id/confirm',
  'GET /widget.zip',
  'OPTIONS /widget',
  'OPTIONS /widget/actions',
  'OPTIONS /widget/failures',
  'OPTIONS /widget/options',
  'OPTIONS /widget/status',
  'POST /webhook/:token',
  'GET /unisender/webhook/:token',
  'POST /unisender/webhook/:token',
];

/** One way to name accounts in a request. */
interface Variant {
  readonly query?: string;
  /** Fields of a JSON body, or the text of one. */
  readonly json?: Readonly<Record<string, unknown>> | string;
  readonly form?: string;
  readonly path?: string;
}

const pair = (first: string, second: string) => NAMES.flatMap((name) => NAMES.map((other) => ({ name, other, first, second })));

/** Variants with no account, with two accounts, or with a malformed one. Each caller must get 400 for each of them. */
function contradictions(): Variant[] {
  const values = [[String(OWN), String(OTHER)] as const, [String(OTHER), String(OWN)] as const];
  const bad = MALFORMED.slice(0, 3).flatMap((value) => [[value, String(OTHER)] as const, [String(OTHER), value] as const]);
  const pairs = [...values, ...bad].flatMap(([first, second]) => pair(first, second));
  const single = NAMES.flatMap((name) => [...MALFORMED, 'null', '[502]', '{"a":502}'].map((value) => ({ name, value })));
  return [
    ...pairs.flatMap(({ name, other, first, second }): Variant[] => [
      { query: `${name}=${encodeURIComponent(first)}&${other}=${encodeURIComponent(second)}` },
      { form: `${name}=${encodeURIComponent(first)}&${other}=${encodeURIComponent(second)}` },
      { query: `${name}=${encodeURIComponent(first)}`, json: { [other]: second } },
      { query: `${name}=${encodeURIComponent(first)}`, form: `${other}=${encodeURIComponent(second)}` },
      ...(name === other ? [{ json: `{"${name}":"${first}","${other}":"${second}"}` }] : [{ json: { [name]: first, [other]: second } }]),
      { path: first, query: `${other}=${encodeURIComponent(second)}` },
    ]),
    ...single.flatMap(({ name, value }): Variant[] => [
      { query: `${name}=${encodeURIComponent(value)}` },
      { form: `${name}=${encodeURIComponent(value)}` },
      { json: `{"${name}":${/^[[{n]/.test(value) ? value : JSON.stringify(value)}}` },
      { path: value },
    ]),
    ...NAMES.flatMap((name): Variant[] => [
      { query: `${name}[]=${OTHER}` },
      { query: `${name}=${OTHER}&${name}=${OTHER}` },
      { form: `${name}[0]=${OTHER}` },
      { form: `${name}=${OTHER}&${name}=${OTHER}` },
      { form: `${name}[a]=${OTHER}` },
      { json: { [name]: [OTHER] } },
      { json: { [name]: OTHER + 0.5 } },
      { json: { [name]: true } },
      { json: `{"${name}":${OWN},"${name}":${OTHER}}` },
      { json: `{"${name}":${OWN},"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":${OTHER}}` },
    ]),
  ];
}

/** Variants that name the account once, in each place and under each name. */
const plain = (accountId: number): Variant[] =>
  NAMES.flatMap((name): Variant[] => [
    { query: `${name}=${accountId}` },
    { form: `${name}=${accountId}` },
    { json: { [name]: accountId } },
    { json: { [name]: String(accountId) } },
    { path: String(accountId) },
  ]);

const readsBody = (method: string) => method !== 'GET';
const hasPathName = (path: string) => path.includes(':account_id');

/** The variants that a route can receive: a GET request has no body, and most paths have no name. */
const fits = ({ method, path }: { method: string; path: string }, variant: Variant) => {
  if (variant.path !== undefined) return hasPathName(path) && variant.path !== '' && !variant.path.includes('_');
  return !hasPathName(path) && (readsBody(method) || (variant.json === undefined && variant.form === undefined));
};

const toForm = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .flatMap(([name, value]) =>
      [value].flat().map((item) => `${name}${Array.isArray(value) ? '[]' : ''}=${encodeURIComponent(String(item))}`),
    )
    .join('&');

function toJson(json: Exclude<Variant['json'], undefined>, rest: Readonly<Record<string, unknown>>): string {
  if (typeof json !== 'string') return JSON.stringify({ ...rest, ...json });
  const more = JSON.stringify(rest).slice(1, -1);
  return more === '' ? json : `${json.slice(0, -1)},${more}}`;
}

function toCall(method: string, variant: Variant, rest: Readonly<Record<string, unknown>>): { query: string; call: Call } {
  const restQuery = readsBody(method) ? '' : toForm(rest);
  const query = [variant.query, restQuery].filter(Boolean).join('&');
  if (!readsBody(method)) return { query, call: {} };
  if (variant.form !== undefined) {
    const body = [variant.form, toForm(rest)].filter(Boolean).join('&');
    return { query, call: { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } } };
  }
  return { query, call: { body: toJson(variant.json ?? {}, rest), headers: { 'content-type': 'application/json' } } };
}

describe('S01: the account of a request', () => {
  const databases = openTestDatabases('sqlite');
  let scene: ApiScene;
  let before: unknown;

  const rowOfOther = () => scene.harness.get(AccountStore).find(OTHER);

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(OWN);
    await scene.addAccount(OTHER);
    before = await rowOfOther();
  });

  /** Sends each variant to each route about an account. */
  async function sendAll(
    variants: readonly Variant[],
    headers: Readonly<Record<string, string>>,
    check: (response: ApiResponse, what: { route: string; variant: Variant }) => void,
    isWanted: (route: string) => boolean = () => true,
  ): Promise<number> {
    let sent = 0;
    for (const { method, path } of listRoutes(scene)) {
      const route = `${method} ${path}`;
      const rest = aboutAccount[route];
      if (!rest || !isWanted(route)) continue;
      for (const variant of variants.filter((each) => fits({ method, path }, each))) {
        const { query, call } = toCall(method, variant, rest);
        const url = path.replace(':account_id', encodeURIComponent(variant.path ?? '')) + (query && `?${query}`);
        const response = await scene.send(method as Method, url, { ...call, headers: { ...call.headers, ...headers } });
        check(response, { route, variant });
        sent += 1;
      }
    }
    expect(await rowOfOther()).toEqual(before);
    return sent;
  }

  const widget = () => ({ 'x-auth-token': signDisposableToken(OWN) });

  it('is expected for every route of the router', () => {
    const routes = listRoutes(scene)
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, path }) => `${method} ${path}`);
    expect(routes.sort()).toEqual([...Object.keys(aboutAccount), ...notAboutAccount].sort());
  });

  it.each(Object.keys(aboutAccount))('is refused on %s when its names are malformed, repeated or contradict each other', async (route) => {
    const check = ({ status, body }: ApiResponse, what: object) => {
      const fields = (body.data.fields ?? []).map(({ field }) => field);
      expect({ ...what, status, namesField: fields.some((field) => /^(id|account_id)$/.test(field)) }).toEqual({
        ...what,
        status: 400,
        namesField: true,
      });
    };
    expect(await sendAll(contradictions(), OPERATOR, check, (each) => each === route)).toBeGreaterThan(20);
  });

  it('is never the account of another widget user, in any form of the request', async () => {
    const check = ({ status, text }: ApiResponse, what: object) => {
      expect({ ...what, isRefused: [400, 403].includes(status) }).toEqual({ ...what, isRefused: true });
      expect(text).not.toContain(String(OTHER));
    };
    const isWidget = (route: string) => route.includes(' /widget');
    expect(await sendAll([...contradictions(), ...plain(OTHER)], widget(), check, isWidget)).toBeGreaterThan(200);
    const audit = await scene.harness.get(AuditStore).list({ limit: 1_000 });
    expect(audit.filter(({ actor, accountId }) => actor.startsWith('widget') && accountId !== null)).toEqual([]);
  });

  it('does not open the routes of the operator to a widget user', async () => {
    const isOperators = (route: string) => !/ \/(widget|auth|kommo\/uninstall)/.test(route);
    const check = ({ status }: ApiResponse, what: object) => expect({ ...what, status }).toEqual({ ...what, status: 401 });
    expect(await sendAll([...plain(OWN), ...plain(OTHER)], widget(), check, isOperators)).toBeGreaterThan(50);
  });

  it('is accepted under each name and in each place when it is named once', async () => {
    const check = ({ status }: ApiResponse, what: object) =>
      expect({ ...what, isAccepted: ![400, 403, 404, 500].includes(status) }).toEqual({ ...what, isAccepted: true });
    // The accounts of this scene have no tokens, so a route that calls Kommo fails later.
    const callsKommo = (route: string) => route === 'GET /widget/options';
    const isRead = (route: string) => /^GET \/(sync|widget|operations)/.test(route) && !callsKommo(route);
    expect(await sendAll(plain(OWN), OPERATOR, check, isRead)).toBeGreaterThan(10);
  });
});
