import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RawClient } from '../../support/beanstalkd-process.js';
import { findFreePort } from '../../support/beanstalkd-process.js';
import { listImplementations, QueueProcess } from '../../support/queue-process.js';

const TRIES = 200;

/** The ways in which a client can leave. None waits for the server. */
const departures: readonly { readonly way: string; readonly leave: (client: RawClient) => Promise<void> | void }[] = [
  { way: 'closes the connection', leave: (client) => client.close() },
  { way: 'closes its half of the connection', leave: (client) => client.finishInput() },
  { way: 'sends quit', leave: (client) => client.sent('quit\r\n') },
  { way: 'resets the connection', leave: (client) => client.reset() },
];

describe.each(listImplementations())('a client that leaves the %s server', (implementation) => {
  let server: QueueProcess;

  beforeAll(async () => {
    server = await QueueProcess.start({ implementation, port: await findFreePort() });
    bystander = await server.connect();
  });

  afterAll(() => server.end('SIGKILL'));

  let bystander: RawClient;

  /** Stops the server while one client leaves and another one sends a command: the server receives both in this order. */
  async function leaveThenAsk(leaving: RawClient, leave: (client: RawClient) => Promise<void> | void, other: RawClient, command: string) {
    // The kernel forgets both clients only when the server has polled again; else it would report the other one first.
    await bystander.ask('use default\r\n');
    server.freeze();
    await leave(leaving);
    await other.sent(command);
    server.thaw();
    return other;
  }

  it.each(departures)('returns its job to the next client when it $way', async ({ leave }) => {
    let missed = 0;
    const other = await server.connect();
    for (let tries = 0; tries < TRIES; tries += 1) {
      const leaving = await server.connect();
      await leaving.ask('put 0 0 60 1\r\nx\r\n', /INSERTED \d+\r\n/);
      await leaving.ask('reserve\r\n', /RESERVED \d+ 1\r\nx\r\n/);
      await leaveThenAsk(leaving, leave, other, 'reserve-with-timeout 0\r\n');
      let reply = await other.until(/TIMED_OUT\r\n|x\r\n/);
      if (reply.startsWith('TIMED_OUT')) {
        missed += 1;
        reply = await other.ask('reserve-with-timeout 60\r\n', /x\r\n/);
      }
      await other.ask(`delete ${/^RESERVED (\d+)/.exec(reply)?.[1]}\r\n`, /DELETED\r\n/);
      leaving.close();
    }
    other.close();
    expect(missed).toBe(0);
  });

  it.each(departures.filter(({ way }) => way !== 'sends quit'))('gets no job when it $way while it waits', async ({ leave }) => {
    const replies = new Map<string, number>();
    const other = await server.connect();
    for (let tries = 0; tries < TRIES; tries += 1) {
      const leaving = await server.connect();
      await leaving.ask('use default\r\n', /USING/);
      await leaving.sent('reserve\r\n');
      await other.count('stats-tube default', 'current-waiting').then((waiting) => expect(waiting).toBe(1));
      await leaveThenAsk(leaving, leave, other, 'put 0 0 60 1\r\nx\r\nreserve-with-timeout 0\r\n');
      const reply = await other.until(/TIMED_OUT\r\n|x\r\n$/);
      const form = reply.replace(/\d+/g, 'N');
      replies.set(form, (replies.get(form) ?? 0) + 1);
      await other.ask(`delete ${/INSERTED (\d+)/.exec(reply)?.[1]}\r\n`, /DELETED\r\n/);
      leaving.close();
    }
    other.close();
    expect([...replies]).toEqual([['INSERTED N\r\nRESERVED N N\r\nx\r\n', TRIES]]);
  });
});
