import type { AttackScene, Watched } from '../attack-scene.js';
import { type Attack, tally } from '../attack.js';

const HOOK_WITHIN_MS = 2_000;
const GET = 'GET /sum?first=1&second=2 HTTP/1.1\r\nHost: a\r\n\r\n';
/** A request must arrive within 30 s; the server looks every 5 s. */
const SLOW_SECONDS = 40;

const describe = ({ statuses, maxMs, apiCpuMs }: Watched<unknown>) =>
  `webhooks ${tally(statuses)}, slowest ${maxMs} ms, ${apiCpuMs} ms of processor time`;

const isServed = ({ statuses, maxMs }: Watched<unknown>) => statuses.every((status) => status === 200) && maxMs <= HOOK_WITHIN_MS;

/** Many requests on one connection, without waiting for a response. */
export const pipeline: Attack = {
  id: 'S02',
  name: '20,000 requests at once on one connection',
  expected: `fewer than 100 responses; webhooks of others within ${HOOK_WITHIN_MS} ms`,
  async run(scene) {
    const watched = await scene.watch(async () => {
      const client = (await scene.connect()).send(GET.repeat(20_000));
      await client.end();
      return client.statuses.length;
    });
    return { seen: `${watched.result} responses; ${describe(watched)}`, isOk: watched.result < 100 && isServed(watched) };
  },
};

/** Connections that send nothing. */
export const idleConnections: Attack = {
  id: 'S02',
  name: '2,500 connections that send nothing',
  expected: 'the oldest are closed; webhooks of others served',
  async run(scene) {
    const watched = await scene.watch(async () => {
      for (let count = 0; count < 2_500; count += 100) await Promise.all(Array.from({ length: 100 }, () => scene.connect()));
      await scene.pause(1_000);
    });
    scene.closeClients();
    return { seen: describe(watched), isOk: isServed(watched) };
  },
};

async function sendSlowly(scene: AttackScene, start: string, clients: number): Promise<{ closed: number; open: number }> {
  const slow = await Promise.all(Array.from({ length: clients }, () => scene.connect()));
  for (const client of slow) client.send(start);
  for (let second = 0; second < SLOW_SECONDS; second += 1) {
    for (const client of slow) client.send('x');
    await scene.pause(1_000);
  }
  const closed = slow.filter((client) => client.isEnded).length;
  scene.closeClients();
  return { closed, open: clients - closed };
}

const slowClients = (what: string, start: string): Attack => ({
  id: 'S02',
  name: `500 clients that send ${what} byte by byte`,
  expected: `all closed within ${SLOW_SECONDS} s; webhooks of others within ${HOOK_WITHIN_MS} ms`,
  async run(scene) {
    const watched = await scene.watch(() => sendSlowly(scene, start, 500));
    const { closed, open } = watched.result;
    return { seen: `${closed} closed, ${open} open; ${describe(watched)}`, isOk: open === 0 && isServed(watched) };
  },
});

/** Headers that never end. */
export const slowHeaders = slowClients('headers', 'GET /sum HTTP/1.1\r\nHost: a\r\nX-Slow: ');

/** Bodies that never end. */
export const slowBodies = slowClients('a body', 'POST /integration HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n');

/** Probes, which ask database and queue. */
export const probes: Attack = {
  id: 'S02',
  name: '3,000 readiness probes',
  expected: `200; webhooks of others within ${HOOK_WITHIN_MS} ms`,
  async run(scene) {
    const requests = Array.from({ length: 3_000 }, () => ({ path: '/health/ready' }));
    const watched = await scene.watch(() => scene.sendMany(requests, 20));
    const statuses = watched.result.map(({ status }) => status);
    return {
      seen: `${tally(statuses)}; ${describe(watched)}`,
      isOk: statuses.every((status) => status === 200) && isServed(watched),
    };
  },
};
