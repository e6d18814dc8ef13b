import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '#clock';
import { type QueueServer, queueServerKinds } from '../../support/beanstalkd-process.js';
import { LockstepServer, type Turn } from './lockstep.js';
import { maxJobBytes, randomScript, toTurns } from './random-script.js';

const REPLY_WITHIN_MS = 5_000;
const SCRIPTS = 260;
const COMMANDS = 100_000;
/** After this time no smaller script is tried: the failure is reported with the smallest script found so far. */
const SHRINK_UNTIL_MS = 150_000;

const [embedded, debian] = queueServerKinds();
const servers: LockstepServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function openServer(start: () => Promise<QueueServer>): Promise<LockstepServer> {
  const server = await LockstepServer.open(await start());
  servers.push(server);
  return server;
}

/** Rejects when `work` takes longer than the time limit. */
async function withinLimit<T>(work: Promise<T>, what: string): Promise<T> {
  const done = new AbortController();
  const late = systemClock.sleep(REPLY_WITHIN_MS, done.signal).then(() => Promise.reject(new Error(`no reply to ${what}`)));
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

/** Plays every turn on both servers. Throws at the first turn with different replies. */
async function playBoth(turns: readonly Turn[]): Promise<void> {
  if (!embedded || !debian) return;
  const options = { isUnix: true, hasLog: false, maxJobBytes };
  const tested = await openServer(() => embedded.start(options));
  const reference = await openServer(() => debian.start(options));
  for (const turn of turns) {
    const bothReplies = Promise.all([tested.play(turn), reference.play(turn)]);
    const [replies, expected] = await withinLimit(bothReplies, JSON.stringify(turn));
    if (replies !== expected) expect({ turn, replies }).toEqual({ turn, replies: expected });
  }
  for (const server of servers.splice(0)) await server.stop();
}

const countCommands = (turns: readonly Turn[]) => turns.reduce((sum, turn) => sum + ('replies' in turn ? turn.replies : 1), 0);

(debian ? describe : describe.skip)("the embedded server compared with Debian's beanstalkd", () => {
  it(`sends the same replies, byte by byte, to more than ${COMMANDS} random commands of up to four clients`, async () => {
    const seed = Number(process.env['BEANSTALKD_SEED'] ?? Math.trunc(systemClock.nowMs() % 2 ** 31));
    let commands = 0;
    const giveUpShrinkingAtMs = systemClock.nowMs() + SHRINK_UNTIL_MS;
    const property = fc.asyncProperty(randomScript, async (script) => {
      const turns = toTurns(script);
      commands += countCommands(turns);
      if (systemClock.nowMs() < giveUpShrinkingAtMs) await playBoth(turns);
    });
    await fc.assert(property, { seed, numRuns: SCRIPTS });
    process.stdout.write(`beanstalkd differential test: seed ${seed}, ${commands} commands\n`);
    expect(systemClock.nowMs()).toBeLessThan(giveUpShrinkingAtMs);
    expect(commands).toBeGreaterThanOrEqual(COMMANDS);
  }, 300_000);
});
