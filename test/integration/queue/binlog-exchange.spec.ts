import { afterEach, beforeEach, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '#clock';
import { listMakers, type Maker } from '../../support/queue-process.js';
import {
  afterRestart,
  type Conversation,
  type Ending,
  expectSameJobs,
  type JobPicture,
  LogScene,
  lookAtAll,
  putCommand,
} from './log-scene.js';

const makers = listMakers();
const tubes = ['default', 'a', 'x'.repeat(200)];
const HISTORIES = 14;
/** Later ones are not played: what failed is told as small as it has become by then. */
const SHRINK_FOR_MS = 60_000;

let scene: LogScene;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(() => scene.close());

/** `<n>` stands for the id that is n below the newest. */
type Template = string;

interface Round {
  readonly maker: Maker;
  readonly ending: Ending;
  readonly commands: readonly Template[];
}

const priority = fc.constantFrom(0, 1, 1023, 1024, 4_294_967_295);
/** Never due while the test runs. */
const delay = fc.constantFrom(0, 0, 1_000_000, 4_294_967_295);
const ttr = fc.constantFrom(1_000, 4_294_967_295);
const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const id = fc.nat(20).map((below) => `<${below}>`);

const command: fc.Arbitrary<Template> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(body, priority, delay, ttr)
      .map(([text, pri, wait, run]) => putCommand(text, { priority: pri, delay: wait, ttr: run })),
  },
  { weight: 2, arbitrary: fc.constantFrom(...tubes).map((tube) => `use ${tube}`) },
  { weight: 4, arbitrary: fc.constant('reserve-with-timeout 0') },
  { weight: 4, arbitrary: id.map((job) => `reserve-job ${job}`) },
  { weight: 5, arbitrary: fc.tuple(id, priority, delay).map(([job, pri, wait]) => `release ${job} ${pri} ${wait}`) },
  { weight: 5, arbitrary: fc.tuple(id, priority).map(([job, pri]) => `bury ${job} ${pri}`) },
  { weight: 3, arbitrary: id.map((job) => `delete ${job}`) },
  { weight: 2, arbitrary: id.map((job) => `kick-job ${job}`) },
  { weight: 1, arbitrary: fc.nat(3).map((bound) => `kick ${bound}`) },
  { weight: 1, arbitrary: id.map((job) => `touch ${job}`) },
);

const round: fc.Arbitrary<Round> = fc.record({
  maker: fc.constantFrom(...makers),
  ending: fc.constantFrom<Ending>('SIGTERM', 'SIGKILL'),
  commands: fc.array(command, { maxLength: 70, size: 'max' }),
});

const history = fc.array(round, { minLength: 1, maxLength: 5, size: 'max' });

/** What the log holds, followed command by command: every job as it was when its last record was written. */
class RecordedJobs {
  readonly byId = new Map<number, JobPicture>();
  lastId = 0;

  constructor(private client: Conversation) {}

  /** The next server goes on with the same log. */
  async goOnWith(client: Conversation): Promise<void> {
    this.client = client;
    await client.ask(...tubes.map((tube) => `watch ${tube}`));
  }

  async play(template: Template): Promise<void> {
    const text = template.replace(
      /^(\S+ )<(\d+)>/,
      (_, word: string, below: string) => `${word}${Math.max(1, this.lastId - Number(below))}`,
    );
    const reply = await this.client.askOne(text);
    this.lastId = Number(/^INSERTED (\d+)/.exec(reply)?.[1] ?? this.lastId);
    const isRecorded = /^(INSERTED|DELETED|BURIED|KICKED)/.test(reply) || (/^RELEASED/.test(reply) && !text.endsWith(' 0'));
    if (isRecorded) await this.lookAgain(Number(/^(?:bury|release) (\d+)/.exec(text)?.[1]));
  }

  expectedAfterRestart(): JobPicture[] {
    return [...this.byId.values()].sort((one, other) => one.id - other.id).map(afterRestart);
  }

  /** What was buried or released was recorded, and so was whatever is new, was kicked, or was written again by a compaction. */
  private async lookAgain(target: number): Promise<void> {
    const pictures = await lookAtAll(this.client, this.lastId);
    const living = new Set(pictures.map((picture) => picture.id));
    for (const number of this.byId.keys()) if (!living.has(number)) this.byId.delete(number);
    for (const picture of pictures) if (picture.id === target || this.isWrittenAgain(picture)) this.byId.set(picture.id, picture);
  }

  private isWrittenAgain({ id: number, fields }: JobPicture): boolean {
    const known = this.byId.get(number)?.fields;
    return known?.['kicks'] !== fields['kicks'] || known?.['file'] !== fields['file'];
  }
}

/** After every round a server of each maker finds exactly the jobs that the log must hold, and finds them as they were recorded. */
async function play(rounds: readonly Round[], flags: readonly string[]): Promise<void> {
  const folder = scene.newFolder();
  let jobs: RecordedJobs | undefined;
  for (const { maker, ending, commands } of rounds) {
    const server = await scene.open(maker, folder, { flags });
    const client = await scene.talk(server);
    jobs ??= new RecordedJobs(client);
    await jobs.goOnWith(client);
    for (const one of commands) await jobs.play(one);
    await scene.end(server, ending);
    for (const reader of makers) {
      expectSameJobs(await scene.read(reader, scene.copyOf(folder), jobs.lastId, { flags }), jobs.expectedAfterRestart());
    }
  }
}

async function forAnyHistory(check: (rounds: readonly Round[]) => Promise<void>): Promise<void> {
  const seed = Number(process.env['BEANSTALKD_SEED'] ?? Math.trunc(systemClock.nowMs() % 2 ** 31));
  process.stdout.write(`binlog exchange: seed ${seed}\n`);
  let giveUpShrinkingAtMs = Infinity;
  const property = fc.asyncProperty(history, async (rounds) => {
    if (systemClock.nowMs() > giveUpShrinkingAtMs) return;
    try {
      await check(rounds);
    } catch (error) {
      giveUpShrinkingAtMs = Math.min(giveUpShrinkingAtMs, systemClock.nowMs() + SHRINK_FOR_MS);
      throw error;
    } finally {
      await scene.close();
      scene = new LogScene();
    }
  });
  await fc.assert(property, { seed, numRuns: HISTORIES });
}

describe('a log that goes from server to server', () => {
  it('keeps every job as it was last recorded, in the hands of either maker, stopped or killed', async () => {
    await forAnyHistory((rounds) => play(rounds, []));
  }, 600_000);

  it('does so through small files that are turned over and compacted by either maker', async () => {
    await forAnyHistory((rounds) => play(rounds, ['-s', '4096']));
  }, 600_000);
});
