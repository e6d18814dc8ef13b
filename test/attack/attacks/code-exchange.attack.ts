import { systemClock } from '#clock';
import type { AttackScene } from '../attack-scene.js';
import { type Attack, tally } from '../attack.js';

const READ_WITHIN_MS = 5_000;

/** Hosts that are no account, or only look like one. */
const FOREIGN = [
  ...['www', 'developers', 'support', 'api', 'mail', 'cdn'].map((label) => `${label}.kommo.com`),
  ...[
    'evil.test',
    'kommo.com',
    'a.b.kommo.com',
    'x.kommo.com.evil.test',
    'user@x.kommo.com',
    'x.kommo.com:8080',
    '127.0.0.1',
    'localhost.',
  ],
];

const callback = (referer: string, code = 'a-code') =>
  `/authcallback?from_widget=1&code=${code}&referer=${encodeURIComponent(referer)}&client_id=`;

const readKnown = (scene: AttackScene) => scene.sendAsOperator({ path: `/kommo/contacts?id=${scene.known.accountId}` });

/** Asks the service to send its secret to hosts that are no account. */
export const foreignHosts: Attack = {
  id: 'S03',
  name: 'code exchanges with hosts that are no account',
  expected: '400, and no call leaves',
  async run(scene) {
    await scene.service.control.forgetCalls();
    const headers = scene.newClient();
    const paths = FOREIGN.map((host) => callback(host) + scene.service.clientId);
    const responses = await scene.sendMany(
      paths.map((path) => ({ path, headers })),
      2,
    );
    await scene.pause(1_000);
    const hosts = (await scene.service.control.calls('/oauth2/access_token')).map(({ host }) => host);
    const statuses = responses.map(({ status }) => status);
    return {
      seen: `${tally(statuses)}; secret sent to ${tally(hosts)}`,
      isOk: hosts.length === 0 && statuses.every((status) => status === 400 || status === 429),
    };
  },
};

/** Makes Kommo's answer to an anonymous exchange say: wait. */
export const pauseByExchange: Attack = {
  id: 'S03',
  name: 'code exchanges whose response asks to wait for a day, or is a 403',
  expected: `the known account is read within ${READ_WITHIN_MS} ms`,
  async run(scene) {
    const { control, clientId } = scene.service;
    const headers = scene.newClient();
    const statuses: number[] = [];
    for (const kind of ['429', '403html', '402', '500']) {
      await control.fault({ target: 'kommo', kind, match: 'oauth2/access_token' });
      for (let count = 0; count < 3; count += 1) {
        statuses.push((await scene.send({ path: callback(`stranger${kind}x${count}.kommo.com`) + clientId, headers })).status);
      }
      await control.clearFaults();
    }
    const { status, ms } = await readKnown(scene);
    return {
      seen: `${tally(statuses)}; read ${status} in ${Math.round(ms)} ms`,
      isOk: status === 200 && ms <= READ_WITHIN_MS,
    };
  },
};

/** A call in the log: its end, and its duration. */
const CALL_LINE = /^\[([^\]]+)\].*: Kommo call .*"duration_ms":(\d+)/gm;

/** When calls to Kommo left the service, epoch milliseconds, from its logs. */
async function readDepartures(scene: AttackScene, sinceMs: number): Promise<number[]> {
  const logs = (await scene.service.readEverything()).filter(({ place }) => place.endsWith('.log'));
  const lines = logs.flatMap(({ bytes }) => [...bytes.toString('utf8').matchAll(CALL_LINE)]);
  return lines.map(([, end = '', durationMs]) => Date.parse(end) - Number(durationMs)).filter((time) => time >= sinceMs);
}

const countBusiest = (times: readonly number[]): number =>
  Math.max(0, ...times.map((start) => times.filter((time) => time >= start && time < start + 1_000).length));

/**
 * Spends the request budget of the deployment. The calls are counted where they leave: on a busy machine they reach the emulated
 * vendor in bunches.
 */
export const exchangeFlood: Attack = {
  id: 'S04',
  name: '300 code exchanges at once, with invented hosts',
  expected: `429 for most; at most 7 calls in any second; the known account is read within ${READ_WITHIN_MS} ms`,
  async run(scene) {
    await scene.service.control.forgetCalls();
    const startedMs = systemClock.nowMs();
    const requests = Array.from({ length: 300 }, (_, index) => ({
      path: callback(`invented${index}.kommo.com`) + scene.service.clientId,
      headers: scene.newClient(),
    }));
    const flood = scene.sendMany(requests, 300);
    await scene.pause(500);
    const { status, ms } = await readKnown(scene);
    const statuses = (await flood).map((response) => response.status);
    const calls = (await scene.service.control.calls()).filter(({ target }) => target === 'kommo');
    const arrived = countBusiest(calls.map((call) => call.at_ms));
    const departures = await readDepartures(scene, startedMs);
    const left = countBusiest(departures);
    return {
      seen: `${tally(statuses)}; in the busiest second ${left} calls left, ${arrived} arrived; read ${status} in ${Math.round(ms)} ms`,
      isOk: status === 200 && ms <= READ_WITHIN_MS && left > 0 && left <= 7 && statuses.includes(429),
    };
  },
};
