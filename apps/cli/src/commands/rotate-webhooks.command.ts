import type { Config } from '#config';
import { AuditLog, WebhookRotation, type WebhookRotationReport } from '#sync';
import { withSync } from './with-sync.js';

interface RotateWebhooksInput {
  /** Undefined for all active accounts. */
  readonly accountId: number | undefined;
  readonly json: boolean;
}

const describe = ({ accountId, failure }: WebhookRotationReport): string =>
  failure === null
    ? `Account ${accountId}: both vendors have the new URL.`
    : `Account ${accountId}: the new URL is not registered yet (${failure}); the service tries again within an hour.`;

/**
 * Gives accounts new webhook URLs and registers them at both vendors. The former ones are valid for two hours. Returns the exit
 * code: 0, or 1 when a vendor did not accept a new URL yet.
 */
export async function rotateWebhooks(
  config: Config,
  { accountId, json }: RotateWebhooksInput,
  print: (line: string) => void,
): Promise<number> {
  const reports = await withSync(config, (sync) => {
    const run = () => sync.get(WebhookRotation, { strict: false }).run(accountId);
    return sync.get(AuditLog, { strict: false }).record({ actor: 'cli', action: 'webhooks.rotate', accountId, details: {} }, run);
  });
  if (json) print(JSON.stringify({ accounts: reports.map((report) => ({ account_id: report.accountId, failure: report.failure })) }));
  else for (const report of reports) print(describe(report));
  return reports.some(({ failure }) => failure !== null) ? 1 : 0;
}
