import { createHmac } from 'node:crypto';
import { systemClock } from '#clock';
import type { AttackScene } from '../attack-scene.js';
import { type Attack, tally } from '../attack.js';

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

const sign = (text: string, secret: string, hash = 'sha256') => createHmac(hash, secret).update(text).digest('base64url');

/** The claims of a good token of the known account. */
function claimsOf({ known, service }: AttackScene): Record<string, unknown> {
  const nowSeconds = Math.floor(systemClock.nowMs() / 1_000);
  const host = `company${known.accountId}.kommo.com`;
  return {
    iss: `https://${host}`,
    aud: `http://127.0.0.1`,
    jti: 'b9f1a1c4-0000-4000-8000-000000000000',
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + 1_800,
    account_id: known.accountId,
    user_id: 1,
    subdomain: `company${known.accountId}`,
    client_uuid: service.clientId,
    is_admin: true,
  };
}

function toToken(claims: object, secret: string, header: object = { typ: 'JWT', alg: 'HS256' }, hash = 'sha256'): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign(signed, secret, hash)}`;
}

function forgedTokens(scene: AttackScene): Readonly<Record<string, string>> {
  const [claims, secret] = [claimsOf(scene), scene.service.clientSecret];
  const nowSeconds = Number(claims['iat']);
  const [unsigned] = /^[^.]+\.[^.]+/.exec(toToken(claims, secret, { alg: 'none' })) ?? [''];
  return {
    'no signature': `${unsigned}.`,
    'alg none': `${unsigned}.x`,
    HS512: toToken(claims, secret, { typ: 'JWT', alg: 'HS512' }, 'sha512'),
    'another secret': toToken(claims, 'another-secret'),
    'empty secret': toToken(claims, ''),
    expired: toToken({ ...claims, iat: nowSeconds - 4_000, nbf: nowSeconds - 4_000, exp: nowSeconds - 500 }, secret),
    'a day': toToken({ ...claims, exp: nowSeconds + 86_400 }, secret),
    'for ever': toToken({ ...claims, exp: undefined }, secret),
    'not yet': toToken({ ...claims, nbf: nowSeconds + 900, exp: nowSeconds + 1_800 }, secret),
    'another service': toToken({ ...claims, aud: 'https://evil.test' }, secret),
    'another integration': toToken({ ...claims, client_uuid: 'another' }, secret),
    'another issuer': toToken({ ...claims, iss: `https://company${scene.own.accountId}.kommo.com` }, secret),
    'foreign issuer': toToken({ ...claims, iss: 'https://evil.test' }, secret),
  };
}

const callStatus = async (scene: AttackScene, token: string, client = scene.newClient()) =>
  (await scene.send({ path: `/widget/status?account_id=${scene.known.accountId}`, headers: { 'x-auth-token': token, ...client } })).status;

/** Forges Kommo's disposable token. */
export const forgedToken: Attack = {
  id: 'S23',
  name: 'forged, old, long-lived and foreign widget tokens',
  expected: '401 for each; 200 for a good one',
  async run(scene) {
    const good = await callStatus(scene, toToken(claimsOf(scene), scene.service.clientSecret));
    const accepted: string[] = [];
    for (const [name, token] of Object.entries(forgedTokens(scene))) if ((await callStatus(scene, token)) !== 401) accepted.push(name);
    return { seen: `good ${good}; accepted: ${accepted.join(', ') || 'none'}`, isOk: good === 200 && accepted.length === 0 };
  },
};

/** A user without rights changes the settings. */
export const noAdministrator: Attack = {
  id: 'S05',
  name: 'a user who is no administrator replaces the key',
  expected: '403; the key unchanged',
  async run(scene) {
    const { service, known } = scene;
    const token = toToken({ ...claimsOf(scene), is_admin: false }, service.clientSecret);
    const body = JSON.stringify({ account_id: known.accountId, unisender_key: scene.own.unisenderKey });
    const headers = { 'x-auth-token': token, 'content-type': 'application/json', ...scene.newClient() };
    const { status } = await scene.send({ method: 'POST', path: '/widget', headers, body });
    return { seen: `${status}`, isOk: status === 403 };
  },
};

/** Replays the signed URL of an uninstall. */
export const oldUninstall: Attack = {
  id: 'S10',
  name: 'the URL of an old uninstall, while Kommo still gives access',
  expected: 'the account stays active; a wrong signature 401',
  async run(scene) {
    const { known, service } = scene;
    const signature = createHmac('sha256', service.clientSecret).update(`${service.clientId}|${known.accountId}`).digest('hex');
    const pathOf = (text: string) => `/kommo/uninstall?client_uuid=${service.clientId}&account_id=${known.accountId}&signature=${text}`;
    const wrong = (await scene.send({ path: pathOf(signature.replace(/^./, '-')), headers: scene.newClient() })).status;
    const { status } = await scene.send({ path: pathOf(signature), headers: scene.newClient() });
    await scene.pause(3_000);
    const state = (await known.getAccount()).status;
    return { seen: `wrong ${wrong}; replayed ${status}; account ${state}`, isOk: wrong === 401 && state === 'active' };
  },
};

/** Uses the URL that Unisender knows, as Kommo. */
export const otherVendorsUrl: Attack = {
  id: 'S06',
  name: "the URL of Unisender's webhook, with the route of Kommo's",
  expected: '404',
  async run(scene) {
    const { hooks } = await scene.service.control.get<{ hooks: { url?: string; hook_url?: string }[] }>(
      `/unisender/accounts/${scene.known.unisenderKey}`,
    );
    const token = new URL(hooks[0]?.url ?? hooks[0]?.hook_url ?? 'http://a/').pathname.split('/').at(-1) ?? '';
    const statuses = [
      (await scene.send({ method: 'POST', path: `/webhook/${token}`, headers: scene.newClient() })).status,
      (await scene.send({ path: `/unisender/webhook/${scene.hookToken}`, headers: scene.newClient() })).status,
    ];
    return { seen: tally(statuses), isOk: token !== '' && statuses.every((status) => status === 404) };
  },
};
