import type { AttackScene } from '../attack-scene.js';
import { type Attack, tally } from '../attack.js';
import type { RawRequest } from '../raw-request.js';

const NEW_KEY = 'key-of-the-attacker-0123456789abcdef0123456789';

/** Ways to name an account that a strict reader and a lenient one understand differently. */
const waysToName = (id: number) => [`${id}`, ` ${id}`, `0${id}`, `${id}.0`, `+${id}`, `0x${id.toString(16)}`, `${id}x`, '', 'x', '%00'];

const pairsOf = (own: number, other: number): string[] =>
  [`id=${other}`, `account_id=${other}`].concat(
    ['id', 'account_id', 'id[]', 'account_id[]', 'ID', 'accountId'].flatMap((first) =>
      ['id', 'account_id'].flatMap((second) =>
        waysToName(own).flatMap((name) => [
          `${encodeURIComponent(first)}=${encodeURIComponent(name)}&${second}=${other}`,
          `${second}=${other}&${encodeURIComponent(first)}=${encodeURIComponent(name)}`,
        ]),
      ),
    ),
  );

function listRequests({ known, own }: AttackScene, token: string): RawRequest[] {
  const headers = { 'x-auth-token': token, 'content-type': 'application/x-www-form-urlencoded' };
  const names = pairsOf(own.accountId, known.accountId);
  const key = `unisender_key=${NEW_KEY}`;
  return [
    ...names.map((query) => ({ path: `/widget/status?${query}`, headers })),
    ...names.map((body) => ({ method: 'POST', path: '/widget', headers, body: `${body}&${key}` })),
    ...names.map((query) => ({ method: 'POST', path: `/widget?${query}`, headers, body: `account_id=${own.accountId}&${key}` })),
    ...names.map((query) => ({ method: 'POST', path: `/widget?account_id=${own.accountId}`, headers, body: `${query}&${key}` })),
  ];
}

const keyOf = async ({ service, known }: AttackScene) =>
  (await service.api.send<{ unisender_key: string }>('GET', `/operations/accounts/${known.accountId}`)).unisender_key;

/** A widget user reads and changes another account. */
export const otherAccount: Attack = {
  id: 'S01',
  name: 'another account by a second name for the account id',
  expected: 'no data of the other account; its key unchanged',
  async run(scene) {
    await scene.service.control.post('/unisender/accounts', { api_key: NEW_KEY, login: 'attacker@example.org' });
    const before = await keyOf(scene);
    const requests = listRequests(scene, await scene.widgetToken(scene.own));
    const client = scene.newClient();
    const sent = requests.map((request) => ({ ...request, headers: { ...request.headers, ...client } }));
    const responses = await scene.sendMany(sent, 4);
    const leaks = responses.filter(({ status, text }) => status < 300 && text.includes(String(scene.known.accountId)));
    const isKept = (await keyOf(scene)) === before;
    return {
      seen: `${tally(responses.map(({ status }) => status))}; ${leaks.length} leaks; key ${isKept ? 'unchanged' : 'CHANGED'}`,
      isOk: leaks.length === 0 && isKept,
    };
  },
};
