import { afterEach, beforeEach, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '#clock';
import { listImplementations, type Implementation } from '../../support/queue-process.js';
import {
  afterRestart,
  type CommandClient,
  type EndSignal,
  expectSameJobs,
  type JobSnapshot,
  LogScene,
  readAllJobs,
  putCommand,
} from './log-scene.js';

const implementations = listImplementations();
const tubes = ['default', 'a', 'x'.repeat(200)];
const HISTORIES = 7;
/** After this time no smaller history is tried: the failure is reported with the smallest history found so far. */
const SHRINK_FOR_MS = 60_000;

let scene: LogScene;

beforeEach(() => {
  scene = new LogScene();
});

afterEach(() => scene.close());

/** A command in which `<n>` means the id that is n below the newest. */
type Template = string;

interface Round {
  readonly implementation: Implementation;
  readonly signal: EndSignal;
  readonly commands: readonly Template[];
}

const priority = fc.constantFrom(0, 1, 1023, 1024, 4_294_967_295);
/** Never due during the test. */
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
  implementation: fc.constantFrom(...implementations),
  signal: fc.constantFrom<EndSignal>('SIGTERM', 'SIGKILL'),
  commands: fc.array(command, { maxLength: 70, size: 'max' }),
});

const history = fc.array(round, { minLength: 1, maxLength: 5, size: 'max' });

/** Tracks what the log contains: each job as it was when its last record was written. */
class RecordedJobs {
  readonly byId = new Map<number, JobSnapshot>();
  lastId = 0;

  constructor(private client: CommandClient) {}

  /** Continues with the next server on the same log. */
  async continueWith(client: CommandClient): Promise<void> {
    this.client = client;
    await client.ask(...tubes.map((tube) => `watch ${tube}`));
  }

  /** Runs one command and updates the expected jobs. */
  async play(template: Template): Promise<void> {
    const text = template.replace(
      /^(\S+ )<(\d+)>/,
      (_, word: string, below: string) => `${word}${Math.max(1, this.lastId - Number(below))}`,
    );
    const reply = await this.client.askOne(text);
    this.lastId = Number(/^INSERTED (\d+)/.exec(reply)?.[1] ?? this.lastId);
    const isRecorded = /^(INSERTED|DELETED|BURIED|KICKED)/.test(reply) || (/^RELEASED/.test(reply) && !text.endsWith(' 0'));
    if (isRecorded) await this.update(Number(/^(?:bury|release) (\d+)/.exec(text)?.[1]));
  }

  expectedAfterRestart(): JobSnapshot[] {
    return [...this.byId.values()].sort((one, other) => one.id - other.id).map(afterRestart);
  }

  /** Records were written for the buried or released job, and for jobs that are new, kicked, or written again by compaction. */
  private async update(target: number): Promise<void> {
    const snapshots = await readAllJobs(this.client, this.lastId);
    const existing = new Set(snapshots.map((snapshot) => snapshot.id));
    for (const number of this.byId.keys()) if (!existing.has(number)) this.byId.delete(number);
    for (const snapshot of snapshots) if (snapshot.id === target || this.isWrittenAgain(snapshot)) this.byId.set(snapshot.id, snapshot);
  }

  private isWrittenAgain({ id: number, fields }: JobSnapshot): boolean {
    const known = this.byId.get(number)?.fields;
    return known?.['kicks'] !== fields['kicks'] || known?.['file'] !== fields['file'];
  }
}

/** Plays the rounds. After each one, both implementations must find exactly the recorded jobs in the log. */
async function play(rounds: readonly Round[], flags: readonly string[]): Promise<void> {
  const folder = scene.newFolder();
  let jobs: RecordedJobs | undefined;
  for (const { implementation, signal, commands } of rounds) {
    const server = await scene.open(implementation, folder, { flags });
    const client = await scene.connect(server);
    jobs ??= new RecordedJobs(client);
    await jobs.continueWith(client);
    for (const one of commands) await jobs.play(one);
    await scene.end(server, signal);
    for (const reader of implementations) {
      expectSameJobs(await scene.read(reader, scene.copyOf(folder), jobs.lastId, { flags }), jobs.expectedAfterRestart());
    }
  }
}

/** Runs `check` with random histories and prints the seed. */
async function forAnyHistory(check: (rounds: readonly Round[]) => Promise<void>): Promise<void> {
  const seed = Number(process.env['BEANSTALKD_SEED'] ?? Math.trunc(systemClock.nowMs() % 2 ** 31));
  process.stdout.write(`binlog exchange: seed ${seed}\n`);
  let stopShrinkingAtMs = Infinity;
  const property = fc.asyncProperty(history, async (rounds) => {
    if (systemClock.nowMs() > stopShrinkingAtMs) return;
    try {
      await check(rounds);
    } catch (error) {
      stopShrinkingAtMs = Math.min(stopShrinkingAtMs, systemClock.nowMs() + SHRINK_FOR_MS);
      throw error;
    } finally {
      await scene.close();
      scene = new LogScene();
    }
  });
  await fc.assert(property, { seed, numRuns: HISTORIES });
}

describe('a log that is used by one server after the other', () => {
  it('keeps every job as it was last recorded, with either server, stopped or killed', async () => {
    await forAnyHistory((rounds) => play(rounds, []));
  }, 600_000);

  it('keeps every job in small files that either server rotates and compacts', async () => {
    await forAnyHistory((rounds) => play(rounds, ['-s', '4096']));
  }, 600_000);
});
