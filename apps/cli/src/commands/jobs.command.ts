import { systemClock } from '#clock';
import type { Config } from '#config';
import { silentLogger } from '#domain';
import { type ComposedSync, composeSync } from '#sync';

async function withComposition(config: Config, work: (composition: ComposedSync) => Promise<void>): Promise<void> {
  const composition = await composeSync(config, { clock: systemClock, logger: silentLogger });
  try {
    await work(composition);
  } finally {
    await composition.close();
  }
}

/** The ancestor's `how-time`: a worker prints the time that the job carries. */
export async function putTime(config: Config, say: (line: string) => void): Promise<void> {
  const time = new Date(systemClock.nowMs()).toISOString();
  await withComposition(config, async ({ queue }) => {
    const { id } = await queue.put({ tube: 'times', payload: { time } });
    say(`Put job ${id} into the tube times: ${time}`);
  });
}

/** Puts renewal jobs for every account whose token ends within `hours`. */
export async function renewAccesses(config: Config, hours: number, say: (line: string) => void): Promise<void> {
  await withComposition(config, async ({ services }) => {
    const count = await services.tokens.queueRenewals(hours);
    say(`${count} access ${count === 1 ? 'token is' : 'tokens are'} going to be renewed.`);
  });
}
