import { afterEach, describe, expect, it } from '@jest/globals';
import { type QueueServer, queueServerKinds, RawClient } from '../../support/beanstalkd-process.js';

/** Sent after each text. Nothing else gets these replies, so they show that all earlier replies have arrived. */
const END = 'touch 987654321\r\nkick 0\r\ntouch 987654321\r\n';
const endOfReplies = /NOT_FOUND\r\nKICKED 0\r\nNOT_FOUND\r\n$/;

/** Texts that a client sends one after the other. Every server must send the same replies, byte by byte. */
const conversations: Readonly<Record<string, readonly string[]>> = {
  'a job from put to delete': ['put 5 0 60 2\r\nab\r\n', 'reserve\r\n', 'stats-job 1\r\n', 'touch 1\r\n', 'delete 1\r\n', 'delete 1\r\n'],
  'priorities and age': ['put 9 0 9 1\r\na\r\nput 1 0 9 1\r\nb\r\nput 1 0 9 1\r\nc\r\n', 'reserve\r\nreserve\r\nreserve\r\n'],
  'release, bury and kick': [
    'put 5 0 60 1\r\na\r\nreserve\r\nrelease 1 7 0\r\nstats-job 1\r\nreserve\r\nrelease 1 7 100\r\nstats-job 1\r\npeek-delayed\r\n',
    'kick 5\r\nreserve\r\nbury 1 2000\r\nstats-job 1\r\npeek-buried\r\nkick-job 1\r\nkick-job 1\r\nstats-job 1\r\npeek-ready\r\n',
    'reserve-job 1\r\nreserve-job 1\r\nreserve-job 2\r\n',
  ],
  'tubes that are created and removed': [
    'use a\r\nuse b\r\nlist-tubes\r\nlist-tube-used\r\nwatch c\r\nwatch d\r\nwatch e\r\nignore c\r\nlist-tubes-watched\r\nlist-tubes\r\n',
    'ignore d\r\nignore e\r\nignore default\r\nignore zz\r\nstats-tube a\r\nstats-tube b\r\nstats-tube default\r\n',
  ],
  'a paused tube': [
    'put 1 0 9 1\r\nx\r\npause-tube default 60\r\nreserve-with-timeout 0\r\nstats-tube default\r\npause-tubedefault 0\r\n',
    'reserve\r\n',
  ],
  'bodies of wrong size': [
    'put 0 0 1 2\r\nabc\r\n\r\n',
    `put 0 0 1 70000\r\n${'z'.repeat(70_002)}`,
    `put 0 0 1 65535\r\n${'z'.repeat(65_535)}\r\n`,
    'put 0 0 0 0\r\n\r\n',
    'reserve\r\nreserve\r\n',
  ],
  'numbers out of range': [
    'put 4294967296 0 1 1\r\n',
    'put -1 0 1 1\r\n',
    'put 1 0 4294967296 1\r\n',
    'put 1 0 1\r\n',
    'put 1 0 1 1 \r\n',
    'delete 18446744073709551615\r\ndelete 18446744073709551616\r\ndelete 1x\r\ndelete \r\ndelete\r\n',
    'kick 1x\r\nkick  1\r\nkick\r\nreserve-with-timeout 0x\r\nrelease 1 1\r\nbury 1\r\npause-tube nope 1\r\npause-tube -x 0\r\n',
  ],
  'names out of range': [
    `use -a\r\nuse a b\r\nuse ${'a'.repeat(200)}\r\nuse ${'a'.repeat(201)}\r\nwatch \r\nstats-tube -\r\nuse ümlaut\r\n`,
  ],
  'lines without a command': [
    '\r\nPUT 1\r\nreservex\r\nstatsx\r\npeek-readyx\r\nlist-tubesx\r\nfoo\r\nstats\0\r\n',
    `${'x'.repeat(222)}\r\n${'x'.repeat(500)}\r\ntouch 1\r\n`,
    `a\rb\r\n${'y'.repeat(300)}\r\ntouch 1\r\n`,
  ],
};

const servers: QueueServer[] = [];
const kinds = queueServerKinds();

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function converse(
  kind: (typeof kinds)[number],
  texts: readonly string[],
  cut: (text: string) => readonly string[],
): Promise<string[]> {
  const server = await kind.start();
  servers.push(server);
  const client = await RawClient.connect(server.port);
  const replies: string[] = [];
  for (const text of texts) {
    cut(text).forEach((piece) => client.send(piece));
    replies.push(await client.ask(END, endOfReplies));
  }
  client.close();
  return replies;
}

const whole = (text: string) => [text];
const inTens = (text: string) => (text.length > 5_000 ? [text] : (text.match(/[^]{1,10}/g) ?? []));

describe('the embedded server', () => {
  const [embedded, debian] = kinds;

  it.each(Object.entries(conversations))("sends the same replies as Debian's beanstalkd: %s", async (_name, texts) => {
    if (!embedded) throw new Error('the embedded server is missing');
    const replies = await converse(embedded, texts, whole);
    expect(await converse(embedded, texts, inTens)).toEqual(replies);
    if (debian) expect(replies).toEqual(await converse(debian, texts, whole));
  });

  it.each(kinds)('sends TIMED_OUT to a waiting client that closes its half of the connection: $name', async (kind) => {
    const server = await kind.start();
    servers.push(server);
    const client = await RawClient.connect(server.port);
    client.send('reserve\r\n');
    client.endInput();
    expect(await client.until(/TIMED_OUT\r\n$/)).toBe('TIMED_OUT\r\n');
    client.close();
  });

  it.each(kinds)('replies to a hundred thousand pipelined commands in order: $name', async (kind) => {
    const server = await kind.start();
    servers.push(server);
    const client = await RawClient.connect(server.port);
    const count = 50_000;
    client.send('put 1 0 9 1\r\na\r\ntouch 1\r\n'.repeat(count));
    const replies = await client.until(new RegExp(`INSERTED ${count}\r\nNOT_FOUND\r\n$`));
    expect(replies).toBe(Array.from({ length: count }, (_, index) => `INSERTED ${index + 1}\r\nNOT_FOUND\r\n`).join(''));
    client.close();
  });
});
