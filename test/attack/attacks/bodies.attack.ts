import { gzipSync } from 'node:zlib';
import type { AttackScene } from '../attack-scene.js';
import { type Attack, tally } from '../attack.js';
import type { RawRequest } from '../raw-request.js';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const MIB = 1_048_576;
const CLIENTS = 400;
const MEMORY_MIB = 100;
const HOOK_WITHIN_MS = 2_000;
const CLOSED = [0, 400, 401, 404, 413, 415, 429];

/** Bodies that made a parser slow. */
const slowBodies = (bytes: number) =>
  [
    ...['&', '+', '%FF.', '%', '=', ';', '[', 'a[]=&', 'a[b]=1&', 'contacts[add][0][id]=1&'].map((piece) => ({ type: FORM, piece })),
    ...['[', '{"a":', '"', '\\u0000', '1,'].map((piece) => ({ type: JSON_TYPE, piece })),
  ].map(({ type, piece }) => ({ type, body: Buffer.alloc(bytes, piece) }));

const routes = [
  '/integration',
  '/setup',
  '/widget',
  '/unisender/contacts',
  '/sync/contacts',
  '/webhook/a-guessed-token-0123456789',
  '/nowhere',
];

/** Bodies of a client without a token. */
export const slowParsers: Attack = {
  id: 'S02',
  name: 'bodies of 2 MB that are slow to parse, without a token',
  expected: `refused; webhooks of others within ${HOOK_WITHIN_MS} ms`,
  async run(scene) {
    const requests = slowBodies(2 * MIB).flatMap(({ type, body }) =>
      routes.map((path): RawRequest => ({ method: 'POST', path, headers: { 'content-type': type, ...scene.newClient() }, body })),
    );
    const watched = await scene.watch(() => scene.sendMany(requests, 5));
    const statuses = watched.result.map(({ status }) => status);
    return {
      seen: `${tally(statuses)}; webhooks ${tally(watched.statuses)}, slowest ${watched.maxMs} ms, ${watched.apiCpuMs} ms of processor time`,
      isOk: statuses.every((status) => CLOSED.includes(status)) && isServed(watched),
    };
  },
};

/** Bodies of a client that knows a webhook URL. */
export const slowWebhooks: Attack = {
  id: 'S02',
  name: 'webhooks of 4 MB that are slow to parse, with a known URL',
  expected: `200 or 4xx; webhooks within ${HOOK_WITHIN_MS} ms`,
  async run(scene) {
    const path = `/webhook/${scene.hookToken}`;
    const requests = slowBodies(4 * MIB).map(({ type, body }): RawRequest => ({
      method: 'POST',
      path,
      headers: { 'content-type': type },
      body,
    }));
    const watched = await scene.watch(() => scene.sendMany(requests, 1));
    const statuses = watched.result.map(({ status }) => status);
    return {
      seen: `${tally(statuses)}; webhooks ${tally(watched.statuses)}, slowest ${watched.maxMs} ms, ${watched.apiCpuMs} ms of processor time`,
      isOk: statuses.every((status) => status === 200 || (status >= 400 && status < 500)) && isServed(watched),
    };
  },
};

const isServed = ({ statuses, maxMs }: { statuses: readonly number[]; maxMs: number }) =>
  statuses.every((status) => status === 200) && maxMs <= HOOK_WITHIN_MS;

/** Sends the beginning of many bodies, and measures the memory while they are open. */
async function openBodies(scene: AttackScene, head: readonly string[], bytes: number): Promise<{ grown: number; answered: number }> {
  const before = scene.apiMemoryMiB();
  const part = Buffer.alloc(bytes - 1, 'a');
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => scene.connect()));
  for (const client of clients) client.send([...head, `Content-Length: ${bytes}`, '', ''].join('\r\n')).send(part);
  let grown = 0;
  for (let second = 0; second < 5; second += 1) {
    await scene.pause(1_000);
    grown = Math.max(grown, scene.apiMemoryMiB() - before);
  }
  const answered = clients.filter(({ statuses }) => statuses.length > 0).length;
  scene.closeClients();
  return { grown, answered };
}

const openBody = (name: string, headOf: (scene: AttackScene) => readonly string[], bytes: number): Attack => ({
  id: 'S02',
  name,
  expected: `at most ${MEMORY_MIB} MiB more; webhooks served`,
  async run(scene) {
    const watched = await scene.watch(() => openBodies(scene, headOf(scene), bytes));
    const { grown, answered } = watched.result;
    const refused = watched.statuses.filter((status) => status !== 200).length;
    return {
      seen: `${grown} MiB more, ${answered} answered; webhooks ${tally(watched.statuses)}`,
      isOk: grown <= MEMORY_MIB && refused < watched.statuses.length,
    };
  },
});

/** Unfinished bodies without a token. */
export const unfinishedBodies = openBody(
  `${CLIENTS} unfinished bodies of 2 MB, without a token`,
  () => ['POST /integration HTTP/1.1', 'Host: a', `Content-Type: ${FORM}`],
  2 * MIB,
);

/** Unfinished bodies with a webhook URL of the attacker's own account: it must not cost the known account anything. */
export const unfinishedWebhooks: Attack = {
  ...openBody(`${CLIENTS} unfinished webhooks of 4 MB, with the URL of another account`, () => [], 0),
  async run(scene) {
    const path = `/kommo/accounts/${scene.own.accountId}`;
    const { webhooks } = await scene.service.control.get<{ webhooks: { destination: string }[] }>(path);
    const { pathname } = new URL(webhooks[0]?.destination ?? '');
    const head = [`POST ${pathname} HTTP/1.1`, 'Host: a', `Content-Type: ${FORM}`];
    return openBody('', () => head, 4 * MIB).run(scene, { seconds: 0 });
  },
};

/** Bodies that unpack to a thousand times their size. */
export const packedBodies: Attack = {
  id: 'S02',
  name: 'compressed bodies that unpack to 1 GB',
  expected: `never unpacked: at most ${MEMORY_MIB} MiB more, each within ${HOOK_WITHIN_MS} ms`,
  async run(scene) {
    const before = scene.apiMemoryMiB();
    const body = gzipSync(Buffer.alloc(1_024 * MIB, '&'), { level: 1 }).subarray(0, 4 * MIB);
    const headers = { 'content-type': FORM, 'content-encoding': 'gzip' };
    const targets = [`/webhook/${scene.hookToken}`, '/integration', '/widget'];
    const responses = await scene.sendMany(
      targets.map((path) => ({ method: 'POST', path, headers, body })),
      1,
    );
    const grown = scene.apiMemoryMiB() - before;
    const slowest = Math.round(Math.max(...responses.map(({ ms }) => ms)));
    return {
      seen: `${tally(responses.map(({ status }) => status))}, slowest ${slowest} ms, ${grown} MiB more`,
      isOk: grown <= MEMORY_MIB && slowest <= HOOK_WITHIN_MS && responses.every(({ status }) => status !== 500),
    };
  },
};
