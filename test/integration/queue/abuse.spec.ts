import { afterEach, describe, expect, it } from '@jest/globals';
import type { RawClient } from '../../support/beanstalkd-process.js';
import { AbuseScene } from './abuse-scene.js';

const MIB = 1024 * 1024;
const largestBody = 65_535;
const fullBody = 'x'.repeat(largestBody);

let scene: AbuseScene | undefined;

afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

async function openScene(...options: Parameters<typeof AbuseScene.open>): Promise<AbuseScene> {
  scene = await AbuseScene.open(...options);
  return scene;
}

/** Stops the control client and checks that the abuse affected neither it nor the server. */
async function expectUnharmed({ server, control }: AbuseScene): Promise<void> {
  const { jobs, unexpected } = await control.end();
  expect(unexpected).toEqual([]);
  expect(jobs).toBeGreaterThan(0);
  expect([server.exitCode, server.stderr]).toEqual([undefined, '']);
}

/** What a client has sent when it disconnects. */
const unfinishedInputs = [
  '',
  'sta',
  'reserve\r\n',
  'reserve-with-timeout 1000\r\n',
  'put 0 0 60 100\r\nhalf a bo',
  `put 0 0 60 70000\r\n${'z'.repeat(60_000)}`,
  `put 0 0 60 ${largestBody}\r\n`,
  'y'.repeat(5_000),
  '\0\r\n\xff\xfe\r\n\r\n',
  'quit\r\nstats\r\n',
  'stats\r\n'.repeat(2_000),
  'watch tube-of-its-own\r\nuse another-one\r\nreserve\r\n',
  `watch ${'t'.repeat(200)}\r\nput 1 2 3`,
  `put ${'9'.repeat(300)} 0 0 0\r\n`,
];

/** Opens that many connections, a thousand at a time, and disconnects each in the middle of its input. */
async function connectAndDisconnect(abuse: AbuseScene, connections: number): Promise<void> {
  for (let opened = 0; opened < connections; opened += 1_000) {
    const clients = await abuse.connectMany(1_000);
    await Promise.all(clients.map((client) => client.ask('list-tube-used\r\n')));
    clients.forEach((client, index) => client.send(unfinishedInputs[index % unfinishedInputs.length] ?? ''));
    await abuse.control.waitForJobs(20);
    await abuse.disconnectAll();
  }
}

/** Sends more commands than the sockets can hold and reads no reply. Waits until the server has had time to read them. */
async function floodWithoutReading(abuse: AbuseScene, clients: number, commands: string): Promise<void> {
  for (const client of await abuse.connectMany(clients)) {
    client.stopReading();
    client.send(commands);
  }
  await abuse.control.waitForJobs(200);
}

/** Puts jobs with a body of one letter each, and returns their ids. */
async function putLetters(client: RawClient, letters: string): Promise<string[]> {
  const ids: string[] = [];
  for (const letter of letters) {
    client.send(`put 0 0 600 ${largestBody}\r\n${letter.repeat(largestBody)}\r\n`);
    ids.push(/^INSERTED (\d+)\r\n$/.exec(await client.line())?.[1] ?? '');
  }
  return ids;
}

async function deleteAll(client: RawClient, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await client.ask(`delete ${id}\r\n`)).toBe('DELETED\r\n');
}

describe('the embedded server under abuse', () => {
  it('survives five thousand connections that end in the middle of their input, and frees their memory', async () => {
    const abuse = await openScene();
    await abuse.observer.ask('put 5 0 600 1\r\na\r\n'.repeat(100), /INSERTED \d+\r\n$/);
    await connectAndDisconnect(abuse, 1_500);
    const before = await abuse.measureUsedMemory();
    await connectAndDisconnect(abuse, 5_000);
    const after = await abuse.measureUsedMemory();
    expect(await abuse.observer.count('stats', 'total-connections')).toBeGreaterThan(6_500);
    expect(await abuse.observer.count('stats', 'current-tubes')).toBe(2);
    expect(await abuse.observer.count('stats-tube default', 'current-jobs-ready')).toBe(100);
    expect(after).toBeLessThan(before * 1.1);
    await expectUnharmed(abuse);
  }, 300_000);

  it.each([
    ['large bodies', 'peek 1\r\n'],
    ['statistics', 'stats\r\n'],
    ['a long list', 'list-tubes\r\n'],
  ])('uses little memory for clients that request %s and never read', async (_name, command) => {
    const abuse = await openScene();
    await abuse.observer.ask(`use full\r\nput 0 0 600 ${largestBody}\r\n${fullBody}\r\n`, /INSERTED/);
    const names = Array.from({ length: 500 }, (_, index) => `watch ${'t'.repeat(190)}${index}\r\n`);
    await abuse.observer.ask(names.join(''), /WATCHING 501\r\n$/);
    const before = await abuse.measureMemory();
    await floodWithoutReading(abuse, 40, command.repeat(20_000));
    expect((await abuse.measureMemory()) - before).toBeLessThan(128 * MIB);
    await abuse.disconnectAll();
    await expectUnharmed(abuse);
  });

  it('sends every reply to a slow reader', async () => {
    const abuse = await openScene();
    const client = await abuse.connect();
    await client.ask(`put 0 0 600 ${largestBody}\r\n${fullBody}\r\n`, /INSERTED/);
    client.stopReading();
    client.send('peek-ready\r\n'.repeat(2_000));
    await abuse.control.waitForJobs(100);
    client.readOn();
    for (let count = 0; count < 2_000; count += 1) {
      expect(await client.line()).toMatch(/^FOUND \d+ 65535\r\n$/);
      await client.take(largestBody + 2);
    }
    await expectUnharmed(abuse);
  });

  it('sends the body of a job unchanged to a slow reader, when the job is deleted and its memory is used again', async () => {
    const abuse = await openScene();
    const writer = await abuse.connect();
    await writer.ask('use letters\r\n');
    const letters = 'abcdefghijklmnopqrst';
    const ids = await putLetters(writer, letters);
    const client = await abuse.connect();
    client.stopReading();
    const rounds = 20;
    await client.sent(
      ids
        .map((id) => `peek ${id}\r\n`)
        .join('')
        .repeat(rounds),
    );
    await abuse.control.waitForJobs(20);
    await deleteAll(writer, ids);
    for (let round = 0; round < 4; round += 1) await deleteAll(writer, await putLetters(writer, letters.toUpperCase()));
    client.readOn();
    let found = 0;
    for (let line = await client.line(); line.startsWith('FOUND'); line = await client.line()) {
      const body = await client.take(largestBody + 2);
      expect(body === `${letters[found % letters.length]?.repeat(largestBody)}\r\n`).toBe(true);
      found += 1;
    }
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(rounds * letters.length);
    await expectUnharmed(abuse);
  });

  it('stores nothing of an endless line', async () => {
    const abuse = await openScene();
    const client = await abuse.connect();
    const before = await abuse.measureMemory();
    for (let sent = 0; sent < 64; sent += 1) {
      client.send('x'.repeat(MIB));
      await abuse.control.waitForJobs(5);
    }
    expect((await abuse.measureMemory()) - before).toBeLessThan(32 * MIB);
    expect(await client.ask('\r\nlist-tube-used\r\n', /USING default\r\n$/)).toBe('BAD_FORMAT\r\nUSING default\r\n');
    await expectUnharmed(abuse);
  });

  it('allocates nothing for announced bodies that never arrive', async () => {
    const abuse = await openScene({ flags: ['-z', '1073741824'] });
    const before = await abuse.measureMemory();
    for (const client of await abuse.connectMany(200)) client.send('put 0 0 60 1073741824\r\nthe beginning');
    await abuse.control.waitForJobs(200);
    expect((await abuse.measureMemory()) - before).toBeLessThan(64 * MIB);
    await abuse.disconnectAll();
    await expectUnharmed(abuse);
  });

  it('keeps every byte of the largest body, and rejects invalid numbers', async () => {
    const abuse = await openScene();
    const client = await abuse.connect();
    const bytes = Array.from({ length: largestBody }, (_, index) => String.fromCharCode((index * 31 + (index >> 8)) % 256)).join('');
    client.send(`put 0 0 60 ${bytes.length}\r\n${bytes}\r\nreserve\r\n`);
    const [, id = ''] = /^INSERTED (\d+)\r\n$/.exec(await client.line()) ?? [];
    expect(await client.line()).toBe(`RESERVED ${id} ${bytes.length}\r\n`);
    expect(await client.take(bytes.length + 2)).toBe(`${bytes}\r\n`);
    const digits = '9'.repeat(180);
    for (const command of [
      `delete ${digits}`,
      `kick ${digits}`,
      `put 0 ${digits} 0 0`,
      `put 0 0 0 ${digits}`,
      `pause-tube default ${digits}`,
    ])
      expect(await client.ask(`${command}\r\n`)).toBe('BAD_FORMAT\r\n');
    client.send(`put 0 0 60 ${largestBody + 1}\r\n${fullBody}!\r\n`);
    expect(await client.line()).toBe('JOB_TOO_BIG\r\n');
    await expectUnharmed(abuse);
  });

  it('survives the creation and removal of thousands of tubes, and frees their memory', async () => {
    const abuse = await openScene();
    const createAndRemoveTubes = async () => {
      const client = await abuse.connect();
      const commands = Array.from({ length: 20_000 }, (_, index) => `watch tube-${index}\r\nuse other-${index}\r\n`);
      await client.ask(`${commands.join('')}kick 0\r\n`, /KICKED 0\r\n$/);
      expect(await client.count('stats', 'current-tubes')).toBe(20_003);
      await abuse.disconnectAll();
    };
    for (let round = 0; round < 4; round += 1) await createAndRemoveTubes();
    const before = await abuse.measureUsedMemory();
    for (let round = 0; round < 4; round += 1) await createAndRemoveTubes();
    expect(await abuse.measureUsedMemory()).toBeLessThan(before * 1.1);
    await expectUnharmed(abuse);
  });

  it('serves its open connections when the kernel gives it no more sockets, and accepts new ones afterwards', async () => {
    const abuse = await openScene({ shellPrefix: 'ulimit -n 64;' });
    const clients = await abuse.connectMany(200);
    const replies = await Promise.all(clients.map((client) => client.ask('list-tube-used\r\n')));
    expect(new Set(replies)).toEqual(new Set(['USING default\r\n', '']));
    await abuse.control.waitForJobs(100);
    await abuse.disconnectAll();
    expect(await (await abuse.connect()).ask('list-tube-used\r\n')).toBe('USING default\r\n');
    await expectUnharmed(abuse);
  });
});
