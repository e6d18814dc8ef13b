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

/** How a command tells what it did. */
interface Report {
  readonly json: boolean;
  readonly say: (line: string) => void;
}

/** The predecessor's `how-time`: a worker prints the time that the job carries. */
export async function putTime(config: Config, { json, say }: Report): Promise<void> {
  const time = new Date(systemClock.nowMs()).toISOString();
  await withComposition(config, async ({ queue }) => {
    const { server, id } = await queue.put({ tube: 'times', payload: { time } });
    say(json ? JSON.stringify({ server, id, time }) : `Put job ${id} into the tube times: ${time}`);
  });
}

/** Puts renewal jobs for every account whose token ends within `hours`. One account's failure never stops the next: that is the worker's. */
export async function renewAccesses(config: Config, hours: number, { json, say }: Report): Promise<void> {
  await withComposition(config, async ({ services }) => {
    const count = await services.tokens.queueRenewals(hours);
    say(json ? JSON.stringify({ accounts: count }) : `${count} access ${count === 1 ? 'token is' : 'tokens are'} going to be renewed.`);
  });
}
