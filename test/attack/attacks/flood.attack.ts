import type { AttackScene } from '../attack-scene.js';
import { type Attack, percentile, tally } from '../attack.js';
import type { RawRequest, RawResponse } from '../raw-request.js';

const ANONYMOUS_PER_SECOND = 200;
const HOOKS_PER_SECOND = 20;
const TICK_MS = 50;
const WARM_UP_SECONDS = 3;
const QUIET_MS = 5_000;
const P99_MS = 200;
const MEMORY_MIB = 100;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const LARGE = Buffer.alloc(60_000, '&');

/** One request of every kind that anyone can send. */
const kinds: readonly ((index: number, scene: AttackScene) => RawRequest)[] = [
  (index) => ({ path: `/unknown/${index}` }),
  (index) => ({ path: '/accounts', headers: { authorization: `Bearer guessed-${index}` } }),
  (index, { known }) => ({ path: `/widget/status?account_id=${known.accountId}`, headers: { 'x-auth-token': `e30.e30.${index}` } }),
  (index) => ({ method: 'POST', path: `/webhook/guessed-token-${index}-0123456789`, headers: FORM, body: LARGE }),
  (index) => ({ method: 'POST', path: `/unisender/webhook/guessed-${index}-0123456789`, body: '{}' }),
  () => ({ method: 'POST', path: '/integration', headers: FORM, body: LARGE }),
  () => ({ method: 'POST', path: '/widget', headers: { 'content-type': 'application/json' }, body: LARGE }),
  (index) => ({ path: `/authcallback?from_widget=1&code=x${index}&referer=developers.kommo.com` }),
  (index, { service }) => ({ path: `/auth?from_widget=1&code=x${index}&referer=flood${index}.kommo.com&client_id=${service.clientId}` }),
  (index) => ({ path: `/auth?code=x${index}&state=forged-${index}&referer=a.kommo.com` }),
  (index) => ({ path: `/auth?id=${index + 1}` }),
  (index, { known, service }) => ({
    path: `/kommo/uninstall?client_uuid=${service.clientId}&account_id=${known.accountId}&signature=${index}`,
  }),
  () => ({ path: '/sum?first=1&second=2' }),
  () => ({ path: '/health/ready' }),
  () => ({ path: '/%zz%ff?a[b][c]=1&a[b]=2&__proto__[x]=1' }),
  () => ({ path: `/sum?${'a[]=1&'.repeat(500)}` }),
  () => ({ method: 'POST', path: '/setup', headers: { ...FORM, 'content-encoding': 'gzip' }, body: LARGE }),
  () => ({ method: 'OPTIONS', path: '/widget', headers: { origin: 'https://evil.test' } }),
];

const contactOf = (id: number) => ({ id, name: `Flood ${id}`, emails: [`flood${id}@example.org`] });

/** The webhook that Kommo sends for a new contact. */
function hookBody(accountId: number, id: number, fieldId: string): string {
  const at = `contacts[add][0]`;
  const nowSeconds = String(1_700_000_000 + id);
  return new URLSearchParams({
    [`${at}[id]`]: String(id),
    [`${at}[name]`]: `Flood ${id}`,
    [`${at}[type]`]: 'contact',
    [`${at}[created_at]`]: nowSeconds,
    [`${at}[updated_at]`]: nowSeconds,
    [`${at}[custom_fields][0][id]`]: fieldId,
    [`${at}[custom_fields][0][code]`]: 'EMAIL',
    [`${at}[custom_fields][0][values][0][value]`]: `flood${id}@example.org`,
    [`${at}[custom_fields][0][values][0][enum]`]: '1',
    'account[id]': String(accountId),
    'account[subdomain]': `company${accountId}`,
  }).toString();
}

interface Sent {
  readonly hooks: RawResponse[];
  readonly anonymous: RawResponse[];
  readonly peakMiB: number;
}

/** Sends both kinds at their rates for some seconds, each request at its time, whatever the responses do. */
async function sendAll(scene: AttackScene, bodies: readonly string[], seconds: number): Promise<Sent> {
  const [hooks, anonymous]: [Promise<RawResponse>[], Promise<RawResponse>[]] = [[], []];
  const startedMs = performance.now();
  let peakMiB = 0;
  for (let elapsedMs = 0; elapsedMs < seconds * 1_000; elapsedMs = performance.now() - startedMs) {
    while (anonymous.length < (elapsedMs / 1_000) * ANONYMOUS_PER_SECOND) {
      const request = kinds[anonymous.length % kinds.length]?.(anonymous.length, scene);
      const client = `203.0.${anonymous.length % 7}.${anonymous.length % 251}`;
      anonymous.push(scene.send({ path: '/', ...request, headers: { ...request?.headers, 'x-forwarded-for': client } }));
    }
    while (hooks.length < Math.min(bodies.length, (elapsedMs / 1_000) * HOOKS_PER_SECOND)) {
      hooks.push(scene.sendHook(bodies[hooks.length]));
    }
    if (anonymous.length % ANONYMOUS_PER_SECOND < 10) peakMiB = Math.max(peakMiB, scene.memoryMiB());
    await scene.pause(TICK_MS);
  }
  return { hooks: await Promise.all(hooks), anonymous: await Promise.all(anonymous), peakMiB };
}

/** Anonymous requests of every kind while a known account's webhooks arrive. */
export const flood: Attack = {
  id: 'S02',
  name: `${ANONYMOUS_PER_SECOND} anonymous requests/s of every kind beside ${HOOKS_PER_SECOND} webhooks/s of a known account`,
  expected: `webhooks p99 ≤ ${P99_MS} ms, none lost, memory ≤ ${MEMORY_MIB} MiB above rest`,
  async run(scene, { seconds }) {
    const ids = Array.from({ length: seconds * HOOKS_PER_SECOND }, (_, index) => 70_000_001 + index);
    await scene.known.createMany(ids.map((id) => ({ ...contactOf(id), hooks: false })));
    const bodies = ids.map((id) => hookBody(scene.known.accountId, id, '1'));
    await sendAll(scene, [], WARM_UP_SECONDS);
    const quiet = await scene.watch(() => scene.pause(QUIET_MS));
    const rest = scene.memoryMiB();
    const cpuBefore = scene.apiCpuMs();
    const { hooks, anonymous, peakMiB } = await sendAll(scene, bodies, seconds);
    const busy = Math.round((scene.apiCpuMs() - cpuBefore) / (10 * seconds));
    const refused = hooks.filter(({ status }) => status !== 200).length;
    await scene.known.untilQuiet(300_000);
    const listed = await scene.known.onList();
    const sent = ids.slice(0, hooks.length);
    const lost = sent.filter((id) => !listed.has(`flood${id}@example.org`)).length;
    const p99 = Math.round(
      percentile(
        hooks.map(({ ms }) => ms),
        0.99,
      ),
    );
    const grown = peakMiB - rest;
    return {
      seen: `${hooks.length} webhooks p99 ${p99} ms (without a flood ${quiet.p99Ms} ms), ${refused} refused, ${lost} lost; memory ${rest} + ${grown} MiB; API ${busy} % of a core; ${tally(anonymous.map(({ status }) => status))}`,
      isOk: p99 <= P99_MS && refused === 0 && lost === 0 && grown <= MEMORY_MIB,
      measured: { p99Ms: p99, quietP99Ms: quiet.p99Ms, refused, lost },
    };
  },
};
