import { readFileSync } from 'node:fs';
import { listChildren } from '../../support/built-process.js';
import type { AttackScene } from '../attack-scene.js';
import type { Attack } from '../attack.js';
import type { RawRequest } from '../raw-request.js';

const SECRETS = [
  'Sup3rSecretKey0123456789abcdef',
  'def50200aabbccddeeff00112233445566778899',
  'hunter2-hunter2-hunter2',
  'person@secret.example',
];
const FIELDS = [
  'id',
  'account_id',
  'email',
  'mode',
  'client_id',
  'redirect_uri',
  'domain',
  'run_id',
  'limit',
  'page',
  'state',
  'z',
  'settings',
];

function misplaced(): RawRequest[] {
  const values = SECRETS.flatMap((secret) => FIELDS.map((field) => ({ [field]: secret })));
  return values.flatMap((value) => [
    ...['/integration', '/setup', '/widget', '/sync/contacts', '/unisender/contacts', '/operations/erase'].map((path) => ({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    })),
    ...['/accounts', '/sync/runs', '/kommo/contacts', '/unisender/contacts', '/operations/events', '/operations/audit'].map((path) => ({
      path: `${path}?${new URLSearchParams(value).toString()}`,
    })),
  ]);
}

const findLeaks = async ({ service }: AttackScene) =>
  (await service.readEverything()).flatMap(({ place, bytes }) =>
    SECRETS.filter((secret) => bytes.includes(secret)).map((secret) => `${secret.slice(0, 8)}… in ${place.split('/').slice(-2).join('/')}`),
  );

/** Looks for what people typed into wrong fields. */
export const misplacedSecrets: Attack = {
  id: 'S13',
  name: 'keys, tokens and addresses in the wrong field of every route',
  expected: 'none of them in database, logs or audit log',
  async run(scene) {
    for (const request of misplaced()) await scene.sendAsOperator(request);
    await scene.pause(1_000);
    const leaks = [...new Set(await findLeaks(scene))];
    return { seen: leaks.join('; ') || 'none', isOk: leaks.length === 0 };
  },
};

const OWN_SECRETS = ['ENCRYPTION_KEY', 'OPERATOR_TOKEN', 'DATABASE_URL'];

/** Reads the environment of the queue, which needs no secret. */
export const queueEnvironment: Attack = {
  id: 'S19',
  name: 'the environment of the queue process',
  expected: 'no secret',
  run(scene) {
    const queue = listChildren(scene.service.command.pid).find(({ command }) => command.includes('bundle/queue.js'));
    const names = readFileSync(`/proc/${queue?.pid ?? 0}/environ`, 'utf8')
      .split('\0')
      .map((line) => line.split('=', 1)[0] ?? '');
    const secrets = names.filter((name) => OWN_SECRETS.includes(name));
    return Promise.resolve({ seen: secrets.join(', ') || 'no secret', isOk: secrets.length === 0 });
  },
};
