import type { Run } from '#database';
import { alerts } from '#domain';
import type { SyncContext } from '../context.js';

/** Ends a run that cannot go on, with the reason, and raises an alert. Without effect on one that is ended. */
export async function failRun(
  { database, stores }: SyncContext,
  { runId, accountId }: Pick<Run, 'runId' | 'accountId'>,
  { code, reason }: { readonly code: string; readonly reason: string },
): Promise<void> {
  await database.transaction(async () => {
    const hasFailed = await stores.runs.transition(runId, 'failed', { error: `${code}: ${reason}` });
    if (hasFailed) await stores.alerts.raise(alerts.runFailed(accountId, runId, code));
  });
}
