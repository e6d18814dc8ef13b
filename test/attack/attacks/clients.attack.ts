import type { AttackScene } from '../attack-scene.js';
import { type Attack, tally } from '../attack.js';
import type { RawRequest } from '../raw-request.js';

const ATTEMPTS = 300;
const LIMIT = 120;
const MEMORY_MIB = 50;

/** Requests that are refused, of every purpose. */
const refusedRequests = ({ known, service }: AttackScene): RawRequest[] => [
  { path: '/accounts', headers: { authorization: 'Bearer guessed' } },
  { path: `/widget/status?account_id=${known.accountId}`, headers: { 'x-auth-token': 'a.b.c' } },
  { method: 'POST', path: '/webhook/a-guessed-token-0123456789' },
  { path: '/authcallback?from_widget=1&code=x&referer=evil.test' },
  { path: `/kommo/uninstall?client_uuid=${service.clientId}&account_id=${known.accountId}&signature=00` },
  { path: '/nowhere' },
];

const repeat = (requests: readonly RawRequest[], headers: Readonly<Record<string, string>>): RawRequest[] =>
  requests.flatMap((request) => Array.from({ length: ATTEMPTS }, () => ({ ...request, headers: { ...request.headers, ...headers } })));

/** Uses up every limit, then calls as a known client from the same IP. */
export const lockOut: Attack = {
  id: 'S11',
  name: `${ATTEMPTS} refused requests of every kind from the IP of the known clients`,
  expected: '429 for the attacker; operator, widget, webhook and an installation served',
  async run(scene) {
    const client = scene.newClient();
    const responses = await scene.sendMany(repeat(refusedRequests(scene), client));
    const token = await scene.widgetToken(scene.known);
    const served = {
      operator: await scene.sendAsOperator({ path: '/accounts', headers: client }),
      widget: await scene.send({
        path: `/widget/status?account_id=${scene.known.accountId}`,
        headers: { 'x-auth-token': token, ...client },
      }),
      webhook: await scene.send({ method: 'POST', path: `/webhook/${scene.hookToken}`, headers: client }),
      consent: await scene.send({ path: `/auth?id=${scene.known.accountId}`, headers: client }),
    };
    const install = await scene.service.addAccount().then(
      () => 200,
      () => 0,
    );
    const statuses = [...Object.values(served).map(({ status }) => status), install];
    const attacker = responses.map(({ status }) => status);
    return {
      seen: `attacker ${tally(attacker)}; known clients ${statuses.join(', ')}`,
      isOk: attacker.includes(429) && statuses.every((status) => status === 200 || status === 302),
    };
  },
};

const guess = (forwardedFor: string): RawRequest => ({
  path: '/accounts',
  headers: { authorization: 'Bearer guessed', 'x-forwarded-for': forwardedFor },
});

/** Invents client IPs to avoid the limit. */
export const inventedIps: Attack = {
  id: 'S11',
  name: `${ATTEMPTS} guesses with invented, long, malformed and IPv6 addresses in X-Forwarded-For`,
  expected: `at most ${LIMIT} answers for one client; at most ${MEMORY_MIB} MiB more`,
  async run(scene) {
    const before = scene.apiMemoryMiB();
    const { 'x-forwarded-for': ip } = scene.newClient();
    const ways: Readonly<Record<string, (index: number) => string>> = {
      'before the proxy': (index) => `203.0.113.${index % 256}, ${ip}`,
      'long values': (index) => `${'9'.repeat(6_000)}${index}, ${ip}`,
      ports: (index) => `${ip}:${1_000 + index}`,
      'one /64': (index) => `2001:db8:${Number(ip.split('.').at(-1)).toString(16)}:1::${index.toString(16)}`,
      'IPv4 in IPv6': (index) => (index % 2 === 0 ? `::ffff:${ip}` : `::FFFF:${ip}`),
      'no IP': (index) => `unknown-${index}`,
    };
    const answered: string[] = [];
    let isOk = true;
    for (const [name, addressOf] of Object.entries(ways)) {
      const responses = await scene.sendMany(Array.from({ length: ATTEMPTS }, (_, index) => guess(addressOf(index))));
      const count = responses.filter(({ status }) => status === 401).length;
      answered.push(`${name} ${count}`);
      isOk &&= count <= 2 * LIMIT && responses.some(({ status }) => status === 429);
    }
    const grown = scene.apiMemoryMiB() - before;
    return { seen: `${answered.join(', ')}; ${grown} MiB more`, isOk: isOk && grown <= MEMORY_MIB };
  },
};

/** Looks for accounts that exist. */
export const alikeConsent: Attack = {
  id: 'S14',
  name: 'GET /auth?id= for known and unknown accounts, 100 each',
  expected: 'the same status, headers and length; nothing stored',
  async run(scene) {
    const shapeOf = async (id: number) => {
      const { status, headers } = await scene.send({ path: `/auth?id=${id}`, headers: scene.newClient() });
      return `${status} ${Object.keys(headers).join(' ')} ${String(headers.location).length}`;
    };
    const [known, unknown] = [new Set<string>(), new Set<string>()];
    for (let count = 0; count < 100; count += 1) {
      known.add(await shapeOf(scene.known.accountId));
      unknown.add(await shapeOf(32_900_001 + count));
    }
    const isAlike = [...known].join('\n') === [...unknown].join('\n');
    return { seen: isAlike ? 'the same' : `${[...known].join(' | ')} against ${[...unknown].join(' | ')}`, isOk: isAlike };
  },
};

/** Signs an installation call for another integration. */
export const otherIntegration: Attack = {
  id: 'S15',
  name: 'from_widget moves a known account to another integration',
  expected: 'the account keeps its integration',
  async run(scene) {
    const { control, api, clientId } = scene.service;
    const other = {
      client_id: 'ffffffff-0000-4000-8000-000000000000',
      client_secret: 'x'.repeat(40),
      redirect_uri: `http://127.0.0.1:${scene.service.port}/auth`,
    };
    await control.post('/kommo/integrations', other);
    await api.send('POST', '/integration', other);
    const path = `/kommo/accounts/${scene.known.accountId}/install`;
    const { status } = await control.post<{ status: number | null }>(path, { client_id: other.client_id });
    const { integration_id } = await api.send<{ integration_id: string }>('GET', `/operations/accounts/${scene.known.accountId}`);
    return { seen: `${status}; integration ${integration_id === clientId ? 'kept' : 'CHANGED'}`, isOk: integration_id === clientId };
  },
};
