import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '#clock';
import { type QueueServer, queueServerKinds } from '../../support/beanstalkd-process.js';
import { Side, type Turn } from './lockstep.js';
import { maxJobBytes, randomScript, toTurns } from './random-script.js';

const ANSWER_WITHIN_MS = 5_000;
const SCRIPTS = 260;
const COMMANDS = 100_000;
/** Later scripts are not played: what failed is told as small as it has become by then. */
const SHRINK_UNTIL_MS = 150_000;

const [embedded, debian] = queueServerKinds();
const sides: Side[] = [];

afterEach(async () => {
  for (const side of sides.splice(0)) await side.stop();
});

async function openSide(start: () => Promise<QueueServer>): Promise<Side> {
  const side = await Side.open(await start());
  sides.push(side);
  return side;
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const done = new AbortController();
  const late = systemClock.sleep(ANSWER_WITHIN_MS, done.signal).then(() => Promise.reject(new Error(`no answer to ${what}`)));
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

/** Every turn in one server and then in the other; throws at the first that they answer differently. */
async function playBoth(turns: readonly Turn[]): Promise<void> {
  if (!embedded || !debian) return;
  const options = { isUnix: true, hasLog: false, maxJobBytes };
  const ours = await openSide(() => embedded.start(options));
  const theirs = await openSide(() => debian.start(options));
  for (const turn of turns) {
    const answers = Promise.all([ours.play(turn), theirs.play(turn)]);
    const [answer, expected] = await within(answers, JSON.stringify(turn));
    if (answer !== expected) expect({ turn, answer }).toEqual({ turn, answer: expected });
  }
  for (const side of sides.splice(0)) await side.stop();
}

const countCommands = (turns: readonly Turn[]) => turns.reduce((sum, turn) => sum + ('replies' in turn ? turn.replies : 1), 0);

(debian ? describe : describe.skip)("the embedded server beside Debian's beanstalkd", () => {
  it(`answers over ${COMMANDS} random commands of up to four clients alike, byte by byte`, async () => {
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
