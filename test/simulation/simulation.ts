import { Database } from '#database';
import { vendorClock, SimulatedTime } from './simulated-time.js';
import { checkPromise, heal } from './final-check.js';
import type { History } from './history.js';
import { playStep } from './player.js';
import { type SharedDatabase, World } from './world.js';
import { withSeededRandom } from './seeded-random.js';

/** How a history ended. */
export interface Outcome {
  readonly problems: readonly string[];
  /** How much the service did. */
  readonly counts: Readonly<Record<string, number>>;
  /** Failed actions of people: they are allowed. */
  readonly notes: readonly string[];
}

/** Opens the database in memory that all histories of this process share, one after another. */
export async function openSharedDatabase(): Promise<SharedDatabase> {
  let nowMs = () => 0;
  const clock = vendorClock(new SimulatedTime(0));
  const database = await Database.open({ kind: 'sqlite', path: ':memory:' }, { clock, databaseNowMs: () => nowMs() });
  await database.migrate();
  // SQL by hand: it clears every table, known or not.
  const tables = await database.query<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'migrations'",
  );
  await database.execute('PRAGMA foreign_keys = OFF');
  return {
    database,
    useClock: (source) => {
      nowMs = source;
    },
    clear: async () => {
      await database.transaction(async () => {
        for (const { name } of tables) await database.execute(`DELETE FROM \`${name}\``);
      });
    },
  };
}

/** Plays a history, heals the world, and returns what was wrong. The same history gives the same outcome. */
export async function playHistory(history: History, shared: SharedDatabase, log?: (line: string) => void): Promise<Outcome> {
  return withSeededRandom(history.seed, async () => {
    const world = await World.open(history, shared, log);
    try {
      for (const step of history.steps) {
        log?.(`${world.stamp()} STEP ${JSON.stringify(step)}`);
        await playStep(world, step);
      }
      log?.(`${world.stamp()} HEAL`);
      await heal(world);
      await checkPromise(world);
    } catch (error) {
      world.oracle.report('broken', error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      world.close();
    }
    return { problems: world.oracle.problems, counts: world.oracle.counts, notes: world.notes };
  });
}
