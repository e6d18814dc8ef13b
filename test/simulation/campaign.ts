import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { seededRandom } from '../../apps/sandbox/src/random.js';
import { enabled, knownProblems } from './enabled.js';
import { type History, type ThemeName, drawHistory } from './history.js';
import { shrink } from './shrink.js';
import { type Outcome, openSharedDatabase, playHistory } from './simulation.js';
import type { SharedDatabase } from './world.js';

/** The histories that one worker plays: seeds `first`, `first + step`, … below `end`. */
interface Share {
  readonly first: number;
  readonly end: number;
  readonly step: number;
  /** Stop after this many failures. */
  readonly maxFailures: number;
  readonly isShrinking: boolean;
  readonly theme: ThemeName | undefined;
}

/** A history that failed. */
export interface Failure {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly history: History;
}

/** A message of a worker: one history has ended. */
export interface Ended {
  readonly seed: number;
  readonly steps: number;
  readonly counts: Outcome['counts'];
  readonly failure?: Failure;
}

/** A message of a worker: it begins the history of this seed. */
interface Begun {
  readonly begun: number;
}

/** What a campaign plays. */
export interface CampaignOptions {
  readonly histories: number;
  readonly seed: number;
  readonly workers: number;
  readonly maxFailures: number;
  readonly isShrinking: boolean;
  /** Only histories of this theme. */
  readonly theme: ThemeName | undefined;
  readonly onEnded: (ended: Ended) => void;
}

/** Most objects of a history live shortly: a large young generation collects them at little cost. */
const YOUNG_MB = 64;

/** The history of a seed. */
export const historyOf = (seed: number, theme?: ThemeName): History => drawHistory(seed, seededRandom(seed), enabled, theme);

/** The problems that are not known yet. */
export const newProblems = ({ problems }: Pick<Outcome, 'problems'>): string[] =>
  problems.filter((problem) => !knownProblems.some((known) => known.test(problem)));

const areasOf = (problems: readonly string[]): Set<string> => new Set(problems.map((problem) => problem.split(':')[0] ?? ''));

async function shrinkFailure(failure: Failure, shared: SharedDatabase): Promise<Failure> {
  const areas = areasOf(failure.problems);
  const history = await shrink(failure.history, async (candidate) => {
    const found = areasOf(newProblems(await playHistory(candidate, shared)));
    return [...areas].some((area) => found.has(area));
  });
  return { seed: failure.seed, history, problems: newProblems(await playHistory(history, shared)) };
}

async function playShare(
  { first, end, step, maxFailures, isShrinking, theme }: Share,
  report: (message: Ended | Begun) => void,
): Promise<void> {
  const shared = await openSharedDatabase();
  let failures = 0;
  for (let seed = first; seed < end && failures < maxFailures; seed += step) {
    report({ begun: seed });
    const history = historyOf(seed, theme);
    const outcome = await playHistory(history, shared);
    const ended = { seed, steps: history.steps.length, counts: outcome.counts };
    const problems = newProblems(outcome);
    if (problems.length === 0) {
      report(ended);
      continue;
    }
    failures += 1;
    const failure = { seed, problems, history };
    report({ ...ended, failure: isShrinking ? await shrinkFailure(failure, shared) : failure });
  }
}

/** Plays a share in a thread of its own. Rejects when the thread ends before its share: a history may have waited for nothing. */
async function runShare(share: Share, onEnded: (ended: Ended) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { share },
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  let begun = share.first;
  worker.on('message', (message: Ended | Begun) => {
    if ('begun' in message) begun = message.begun;
    else onEnded(message);
  });
  const [code] = (await once(worker, 'exit')) as [number];
  if (code !== 0) throw new Error(`the history of seed ${begun} ended with code ${code} of its thread`);
}

/** Plays histories in several workers. Resolves when all have ended. */
export async function runCampaign({ histories, seed, workers, maxFailures, isShrinking, theme, onEnded }: CampaignOptions): Promise<void> {
  const shares = Array.from({ length: workers }, (_, place): Share => ({
    first: seed + place,
    end: seed + histories,
    step: workers,
    maxFailures,
    isShrinking,
    theme,
  }));
  await Promise.all(shares.map((share) => runShare(share, onEnded)));
}

const { share } = (workerData ?? {}) as { readonly share?: Share };
if (share) await playShare(share, (message) => parentPort?.postMessage(message));
