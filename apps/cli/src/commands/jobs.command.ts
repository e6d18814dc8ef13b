import { QueueClient } from '#queue';
import { TokenRenewal } from '#sync';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, count, toResult } from '../output/result.js';
import { withSync } from './with-sync.js';

/** Enqueues a job that makes a worker print the time of the job: `how-time` of the predecessor. */
export async function runHowTime(context: CommandContext): Promise<CommandResult> {
  const time = new Date(context.clock.nowMs()).toISOString();
  const { server, id } = await withSync(context, (session) =>
    session.audited('job.put', { tube: 'times' }, () => session.get(QueueClient).put({ tube: 'times', payload: { time } })),
  );
  return toResult({ server, id, time }, `Enqueued job ${id} in the tube times: ${time}`);
}

/** Enqueues the renewal of every access token that expires within `hours`. */
export async function runUpdateAccesses(context: CommandContext, hours: number): Promise<CommandResult> {
  const accounts = await withSync(context, (session) =>
    session.audited('tokens.renew', { hours }, () => session.get(TokenRenewal).enqueueRenewals(hours)),
  );
  return toResult({ accounts }, `${count(accounts, 'access token')} will be renewed.`);
}
