import { WebhookRotation, type WebhookRotationReport } from '#sync';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../output/exit-code.js';
import type { CommandResult } from '../output/result.js';
import { withSync } from './with-sync.js';

const describe = ({ accountId, failure }: WebhookRotationReport): string =>
  failure === null
    ? `Account ${accountId}: both vendors have the new URL.`
    : `Account ${accountId}: the new URL is not registered yet (${failure}); the service tries again within an hour.`;

/**
 * Gives accounts new webhook URLs and registers them at both vendors. The former ones are valid for two hours. The exit code is 1 when
 * a vendor did not accept a new URL yet.
 */
export async function runRotateWebhooks(context: CommandContext, { account }: { readonly account?: number }): Promise<CommandResult> {
  const reports = await withSync(context, (session) =>
    session.audited('webhooks.rotate', { accountId: account }, () => session.get(WebhookRotation).run(account)),
  );
  return {
    document: { accounts: reports.map(({ accountId, failure }) => ({ account_id: accountId, failure })) },
    toLines: () => (reports.length === 0 ? ['No account is active.'] : reports.map(describe)),
    exitCode: reports.some(({ failure }) => failure !== null) ? exitCodes.failed : exitCodes.done,
  };
}
