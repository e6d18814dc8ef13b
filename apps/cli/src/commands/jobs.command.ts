import { systemClock } from '#clock';
import type { Config } from '#config';
import { QueueClient } from '#queue';
import { TokenRenewal } from '#sync';
import { withSync } from './with-sync.js';

/** Where a command prints its result, and in which form. */
interface ResultOutput {
  readonly json: boolean;
  readonly print: (line: string) => void;
}

/** Enqueues a job that makes a worker print the time of the job: `how-time` of the predecessor. */
export async function enqueueTime(config: Config, { json, print }: ResultOutput): Promise<void> {
  const time = new Date(systemClock.nowMs()).toISOString();
  await withSync(config, async (sync) => {
    const { server, id } = await sync.get(QueueClient, { strict: false }).put({ tube: 'times', payload: { time } });
    print(json ? JSON.stringify({ server, id, time }) : `Enqueued job ${id} in the tube times: ${time}`);
  });
}

/** Enqueues the renewal of every access token that expires within `hours`. */
export async function enqueueRenewals(config: Config, hours: number, { json, print }: ResultOutput): Promise<void> {
  await withSync(config, async (sync) => {
    const count = await sync.get(TokenRenewal, { strict: false }).enqueueRenewals(hours);
    print(json ? JSON.stringify({ accounts: count }) : `${count} access ${count === 1 ? 'token' : 'tokens'} will be renewed.`);
  });
}
