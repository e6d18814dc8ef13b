import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { FailureStore } from '#database';
import { silentLogger } from '#domain';
import { QueueClient } from '#queue';
import type { JobResponse, QueuesResponse } from '../../../apps/api/src/operations/operations-responses.js';
import { findFreePort, type QueueServer, RawClient, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { contactsJob } from '../queue/queue-scene.js';
import { type ApiResponse, ApiScene } from './api-scene.js';

const ACCOUNT_ID = 501;

describe('queues and jobs over HTTP, on two queue servers', () => {
  const databases = openTestDatabases('sqlite');
  let servers: QueueServer[];
  let clients: QueueClient[];
  let scene: ApiScene;

  const nameOf = (index: number) => `127.0.0.1:${servers[index]?.port}`;
  const clientOf = (ports: readonly number[]) => {
    const client = new QueueClient({ find: () => ports.map((port) => ({ host: '127.0.0.1', port })) }, systemClock, silentLogger);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    clients = [];
    servers = [await startEmbeddedBeanstalkd(), await startEmbeddedBeanstalkd()];
    scene = await ApiScene.open({ database: await databases.open(), queue: clientOf(servers.map(({ port }) => port)) });
  });

  afterEach(async () => {
    for (const client of clients) await client.close();
    for (const server of servers) await server.stop();
  });

  const get = (path: string) => scene.sendAsOperator('GET', `/operations/${path}`);
  const post = (path: string, body: object = {}) => scene.sendAsOperator('POST', `/operations/${path}`, { body });
  const dataOf = <Data>({ status, body }: ApiResponse): Data => {
    expect(status).toBe(200);
    return body.data as Data;
  };
  const refusal = ({ status, body }: ApiResponse) => ({ status, error: body.data['error'], field: body.data.fields?.[0]?.field });

  /** Puts a job on one server. Returns its id. */
  const putOn = async (index: number, options: { delaySeconds?: number } = {}) =>
    (await clientOf([servers[index]?.port ?? 0]).put(contactsJob(ACCOUNT_ID), options)).id;

  const peek = async (query = '') => dataOf<{ jobs: JobResponse[] }>(await get(`queues/contacts/peek${query}`)).jobs;
  const contacts = async (server: string) =>
    dataOf<QueuesResponse>(await get('queues')).queues.find((tube) => tube.tube === 'contacts' && tube.server === server);

  it('lists every tube on each server with its rates, and names a server that does not reply', async () => {
    expect(await contacts(nameOf(0))).toMatchObject({ ready: 0, waiting: 0, puts_per_second: null });
    for (let job = 0; job < 4; job += 1) await putOn(0);
    scene.harness.clock.advance(2_000);
    const shown = await contacts(nameOf(0));
    expect(shown).toMatchObject({ ready: 4, jobs_put: 4, jobs_deleted: 0, deletes_per_second: 0, paused_seconds_left: 0 });
    expect(shown?.puts_per_second).toBeGreaterThan(0);
    const both = dataOf<QueuesResponse>(await get('queues'));
    expect(both.servers).toMatchObject([
      { server: nameOf(0), is_up: true, problem: null },
      { server: nameOf(1), is_up: true },
    ]);
    await servers[1]?.restart(async () => {
      const { queues, servers: states } = dataOf<QueuesResponse>(await get('queues'));
      expect([...new Set(queues.map(({ server }) => server))]).toEqual([nameOf(0)]);
      expect(states[1]).toMatchObject({ server: nameOf(1), is_up: false, problem: expect.any(String), version: null });
    });
  });

  it('shows the next job of each state, and why a job was buried', async () => {
    const buried = await putOn(0);
    expect(dataOf(await post(`jobs/${buried}/bury`))).toMatchObject({ action: 'bury', was: 'ready', server: nameOf(0) });
    const ready = await putOn(0);
    const delayed = await putOn(0, { delaySeconds: 600 });
    const failure = { accountId: ACCOUNT_ID, tube: 'contacts', payload: '{}', code: 'unexpected', reason: 'a reason', failedAt: 1 };
    await scene.harness.get(FailureStore).add({ ...failure, server: nameOf(1), jobId: Number(buried), reason: 'of another server' });
    await scene.harness.get(FailureStore).add({ ...failure, server: nameOf(0), jobId: Number(buried), failedAt: 2 });
    expect(await peek()).toMatchObject([
      { job_id: buried, state: 'buried', buried_because: { code: 'unexpected', reason: 'a reason' } },
      { job_id: ready, state: 'ready', buried_because: null, body: `{"account_id":${ACCOUNT_ID}}` },
      { job_id: delayed, state: 'delayed', buried_because: null },
    ]);
    expect((await peek('?state=delayed')).map(({ job_id: id }) => id)).toEqual([delayed]);
    expect(refusal(await get('queues/contacts/peek?state=gone'))).toEqual({ status: 400, error: 'invalid_input', field: 'state' });
    const { body } = await get('failures');
    expect(body.data['failures']).toMatchObject([{ server: nameOf(0) }, { server: nameOf(1) }]);
  });

  it('kicks, pauses and resumes a tube on every server, and records that', async () => {
    const ids = [await putOn(0), await putOn(1)];
    for (const [index, id] of ids.entries()) await post(`jobs/${id}/bury?server=${nameOf(index)}`);
    expect(dataOf(await post('queues/contacts/kick', { count: 5 }))).toEqual({ kicked: 2 });
    expect(dataOf(await post('queues/contacts/pause', { minutes: 2 }))).toEqual({ tube: 'contacts', servers: 2 });
    expect(await contacts(nameOf(0))).toMatchObject({ ready: 1, buried: 0, paused: true, paused_seconds_left: expect.any(Number) });
    expect(dataOf(await post('queues/contacts/resume'))).toEqual({ tube: 'contacts', servers: 2 });
    expect(await contacts(nameOf(1))).toMatchObject({ paused: false, paused_seconds_left: 0 });
    const { body } = await get('audit');
    expect(body.data['audit']).toMatchObject([
      { action: 'tube.resume', details: { tube: 'contacts' } },
      { action: 'tube.pause', details: { tube: 'contacts', minutes: 2 } },
      { action: 'tube.kick', details: { tube: 'contacts', count: 5 } },
      { action: 'job.bury', outcome: 'done', details: { job_id: Number(ids[1]), server: nameOf(1) } },
      { action: 'job.bury', outcome: 'done', details: { job_id: Number(ids[0]), server: nameOf(0) } },
    ]);
  });

  it.each(['peek', 'kick', 'pause', 'resume'])('answers 404 to %s of an unknown tube', async (action) => {
    const path = `queues/nothing/${action}`;
    expect(refusal(await (action === 'peek' ? get(path) : post(path)))).toEqual({ status: 404, error: 'unknown_tube', field: 'tube' });
  });

  it('refuses a number of jobs or minutes that is out of range', async () => {
    expect(refusal(await post('queues/contacts/kick', { count: 0 }))).toMatchObject({ status: 400, field: 'count' });
    expect(refusal(await post('queues/contacts/pause', { minutes: 'x' }))).toMatchObject({ status: 400, field: 'minutes' });
  });

  it('changes the job of the named server when both have a job with this id, and refuses the id alone', async () => {
    const id = await putOn(0);
    expect(await putOn(1)).toBe(id);
    const ambiguous = await post(`jobs/${id}/delete`);
    expect(refusal(ambiguous)).toEqual({ status: 409, error: 'job_ambiguous', field: 'server' });
    expect(ambiguous.text).toContain(nameOf(0));
    expect(ambiguous.text).toContain(nameOf(1));
    expect(dataOf(await post(`jobs/${id}/delete?server=${nameOf(1)}`))).toEqual({
      server: nameOf(1),
      job_id: id,
      tube: 'contacts',
      action: 'delete',
      was: 'ready',
    });
    expect([(await contacts(nameOf(0)))?.ready, (await contacts(nameOf(1)))?.ready]).toEqual([1, 0]);
    expect(dataOf(await post(`jobs/${id}/delete`))).toMatchObject({ server: nameOf(0) });
  });

  it('refuses an id alone while a server does not reply, because that one may have the job', async () => {
    const id = await putOn(0);
    await servers[1]?.restart(async () => {
      const refused = await post(`jobs/${id}/bury`);
      expect(refusal(refused)).toEqual({ status: 409, error: 'job_ambiguous', field: 'server' });
      expect(refused.body.message).toContain(nameOf(1));
      expect(dataOf(await post(`jobs/${id}/bury?server=${nameOf(0)}`))).toMatchObject({ was: 'ready' });
      expect((await post(`jobs/${id}/bury?server=${nameOf(1)}`)).status).toBe(503);
    });
    expect(dataOf(await post(`jobs/${id}/kick`))).toMatchObject({ was: 'buried' });
  });

  it('refuses unknown and malformed ids, unknown servers, and actions that the state does not allow', async () => {
    expect(refusal(await post('jobs/999999/kick'))).toEqual({ status: 404, error: 'job_unknown', field: 'job_id' });
    for (const id of ['x', '-1', '1e3', '9'.repeat(20), '1%0d%0adelete%202']) {
      expect(refusal(await post(`jobs/${id}/delete`))).toEqual({ status: 400, error: 'invalid_input', field: 'job_id' });
    }
    const id = await putOn(0);
    const unknown = await post(`jobs/${id}/kick?server=127.0.0.1:${await findFreePort()}`);
    expect(refusal(unknown)).toEqual({ status: 400, error: 'unknown_queue_server', field: 'server' });
    expect(refusal(await post(`jobs/${id}/kick`))).toEqual({ status: 409, error: 'job_state', field: 'job_id' });
    const worker = await RawClient.connect(servers[0]?.address ?? { path: '' });
    await worker.ask('watch contacts\r\n');
    expect(await worker.ask('reserve-with-timeout 0\r\n')).toMatch(/^RESERVED/);
    for (const action of ['kick', 'bury', 'delete']) {
      expect(refusal(await post(`jobs/${id}/${action}`))).toEqual({ status: 409, error: 'job_state', field: 'job_id' });
    }
    worker.close();
  });

  it('answers 503 when no server replies, and still names the servers', async () => {
    const id = await putOn(0);
    const closed = servers.map((server) => server.stop());
    await Promise.all(closed);
    expect(dataOf<QueuesResponse>(await get('queues'))).toMatchObject({ queues: [], servers: [{ is_up: false }, { is_up: false }] });
    expect((await get('queues/contacts/peek')).status).toBe(503);
    expect((await post('queues/contacts/kick')).status).toBe(503);
    expect((await post(`jobs/${id}/delete`)).status).toBe(503);
    servers = [];
  });
});
