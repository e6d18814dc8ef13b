import { systemClock } from '#clock';
import type { Config } from '#config';
import { silentLogger } from '#domain';
import { type ComposedSync, composeSync } from '#sync';

/** Builds the use cases, runs `work` with them and closes them. They write no log. */
export async function withSync<Result>(config: Config, work: (sync: ComposedSync) => Promise<Result>): Promise<Result> {
  const sync = await composeSync(config, { clock: systemClock, logger: silentLogger });
  try {
    return await work(sync);
  } finally {
    await sync.close();
  }
}
