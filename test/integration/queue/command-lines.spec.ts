import { afterEach, describe, expect, it } from '@jest/globals';
import { type QueueServer, type QueueServerKind, queueServerKinds, RawClient } from '../../support/beanstalkd-process.js';
import { mask } from './lockstep.js';

/** Sent after each command. Nothing else gets these replies, so they show that all earlier replies have arrived. */
const END = 'touch 987654321\r\nkick 0\r\ntouch 987654321\r\n';
const endOfReplies = /NOT_FOUND\r\nKICKED 0\r\nNOT_FOUND\r\n$/;

/** Commands that prepare a job. `<id>` is its id. */
const aJob = 'put 7 0 600 2\r\nab\r\n';
const aReservedJob = `${aJob}reserve-job <id>\r\n`;
const aBuriedJob = `${aReservedJob}bury <id> 3\r\n`;
const aDelayedJob = 'put 7 500 600 2\r\nab\r\n';

/** Every command, well-formed and with each kind of mistake, and the commands that must run before it. */
const commands: readonly (readonly [before: string, command: string])[] = [
  ['', 'put 1 0 600 4\r\na\r\nb\r\n'],
  ['', 'put 1 500 600 0\r\n\r\n'],
  ['', 'put 1 0 600 3\r\nabcXY'],
  ['', 'put 1 0 600 30 \r\n'],
  ['', 'put 1 0 -600 3\r\n'],
  ['', `put 1 0 600 70\r\n${'z'.repeat(72)}`],
  ['', 'use some-tube\r\n'],
  ['', `use ${'n'.repeat(200)}\r\n`],
  ['', `use ${'n'.repeat(201)}\r\n`],
  ['', 'use -tube\r\n'],
  ['', 'use a tube\r\n'],
  ['', 'use \r\n'],
  [aJob, 'reserve\r\n'],
  [aJob, 'reserve-with-timeout 0\r\n'],
  [aJob, 'reserve-with-timeout -1\r\n'],
  ['', 'reserve-with-timeout +0x\r\n'],
  ['', 'reserve-with-timeout never\r\n'],
  ['', 'reserve-with-timeout 4294967296\r\n'],
  ['', 'reserve-with-timeout 9223372036854775808\r\n'],
  ['', 'reserve-with-timeout -9223372036854775809\r\n'],
  [aJob, 'reserve-job <id>\r\n'],
  [aReservedJob, 'reserve-job <id>\r\n'],
  ['', 'reserve-job 4000000000\r\n'],
  ['', 'reserve-job first\r\n'],
  ['', 'reserve now\r\n'],
  [aReservedJob, 'delete <id>\r\n'],
  [aBuriedJob, 'delete <id>\r\n'],
  ['', 'delete 4000000000\r\n'],
  ['', 'delete 18446744073709551616\r\n'],
  ['', 'delete\r\n'],
  [aReservedJob, 'release <id> 4 0\r\n'],
  [aReservedJob, 'release <id> 4 500\r\n'],
  [aJob, 'release <id> 4 0\r\n'],
  [aReservedJob, 'release <id> 4\r\n'],
  [aReservedJob, 'release <id> 4294967296 0\r\n'],
  [aReservedJob, 'bury <id> 9\r\n'],
  [aJob, 'bury <id> 9\r\n'],
  [aReservedJob, 'bury <id>\r\n'],
  [aReservedJob, 'touch <id>\r\n'],
  [aJob, 'touch <id>\r\n'],
  ['', 'touch this\r\n'],
  ['', 'watch another-tube\r\n'],
  ['', 'watch -tube\r\n'],
  ['watch a-tube\r\n', 'ignore default\r\nwatch default\r\n'],
  ['ignore a-tube\r\nignore another-tube\r\n', 'ignore default\r\n'],
  ['', 'ignore nowhere\r\n'],
  ['', 'ignore \r\n'],
  [aJob, 'peek <id>\r\n'],
  ['', 'peek 4000000000\r\n'],
  ['', 'peek at\r\n'],
  [aJob, 'peek-ready\r\n'],
  [aDelayedJob, 'peek-delayed\r\n'],
  [aBuriedJob, 'peek-buried\r\n'],
  ['use an-empty-tube\r\n', 'peek-ready\r\npeek-delayed\r\npeek-buried\r\n'],
  ['', 'peek-ready now\r\n'],
  [aBuriedJob, 'kick 2\r\n'],
  ['', 'kick two\r\n'],
  [aBuriedJob, 'kick 4294967297\r\n'],
  [aBuriedJob, 'kick -1\r\n'],
  ['', 'kick 4294967296\r\n'],
  ['', 'kick 18446744073709551615\r\n'],
  ['', 'kick 18446744073709551616\r\n'],
  ['', 'kick -18446744073709551615\r\n'],
  ['', 'kick -18446744073709551616\r\n'],
  ['', 'kick \t+3x\r\n'],
  [aBuriedJob, 'kick-job <id>\r\n'],
  [aJob, 'kick-job <id>\r\n'],
  ['', 'kick-job -1\r\n'],
  [aDelayedJob, 'stats-job <id>\r\n'],
  ['', 'stats-job 4000000000\r\n'],
  ['', 'stats-job all\r\n'],
  ['', 'stats-tube default\r\n'],
  ['', 'stats-tube nowhere\r\n'],
  ['', 'stats-tube \r\n'],
  ['', 'stats\r\n'],
  ['', 'stats all\r\n'],
  ['', 'list-tubes\r\n'],
  ['', 'list-tube-used\r\n'],
  ['', 'list-tubes-watched\r\n'],
  ['', 'list-tubes-watchedx\r\n'],
  ['', 'pause-tube default 0\r\n'],
  ['', 'pause-tube nowhere 0\r\n'],
  ['', 'pause-tube default\r\n'],
  ['', 'pause-tube default 4294967296\r\n'],
  ['', 'pause-tube -default 0\r\n'],
  ['', 'no such command\r\n'],
  ['', '\r\n'],
  ['', `${'y'.repeat(222)}\r\n`],
  ['', `${'y'.repeat(240)}\r\n`],
];

const cases = commands.map(([before, command]) => ({ before, command, title: JSON.stringify(command.slice(0, 40)) }));

const servers: QueueServer[] = [];
const clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function connect(server: QueueServer): Promise<RawClient> {
  const client = await RawClient.connect(server.address);
  clients.push(client);
  return client;
}

const maxJobBytes = 64;
/** A put that uses up an id: its body is not too large. */
const putOfAllowedSize = /^put \d+ \d+ \d+ ([1-5]?\d|6[0-4])\r\n/gm;

/** Replaces `<id>` with the id of the newest job. */
class Script {
  private newestId = 0;

  write(template: string): string {
    this.newestId += template.match(putOfAllowedSize)?.length ?? 0;
    return template.replaceAll('<id>', String(this.newestId));
  }
}

/** Cuts the command in two at every byte and sends the halves one after the other. Returns the replies for each cut. */
async function sendInHalves(kind: QueueServerKind, before: string, command: string): Promise<string[]> {
  const server = await kind.start({ isUnix: true, hasLog: false, maxJobBytes });
  servers.push(server);
  const [client, observer] = [await connect(server), await connect(server)];
  const script = new Script();
  const replies: string[] = [];
  for (let cut = 1; cut < command.length; cut += 1) {
    const prepared = await client.ask(script.write(before) + END, endOfReplies);
    const text = script.write(command);
    client.send(text.slice(0, cut));
    await observer.ask('list-tube-used\r\n');
    replies.push(mask(prepared + (await client.ask(text.slice(cut) + END, endOfReplies))));
  }
  return replies;
}

const [embedded, debian] = queueServerKinds();

(debian ? describe : describe.skip)('a command that arrives in two pieces, cut at every byte', () => {
  it.each(cases)('gets the same replies from both servers: $title', async ({ before, command }) => {
    if (!embedded || !debian) throw new Error('the test needs both servers');
    const replies = await sendInHalves(embedded, before, command);
    expect(replies).toEqual(await sendInHalves(debian, before, command));
    expect(replies.every((text) => endOfReplies.test(text))).toBe(true);
  });
});
