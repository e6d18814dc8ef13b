import type { Config } from '#config';
import { AccountApproval, AccountQueries, AuditLog } from '#sync';
import { withSync } from './with-sync.js';

const LIMIT = 1_000;

/** Prints the accounts; approves one of them first when `approve` names it. Throws InvalidInputError for an unknown account. */
export async function listAccounts(
  config: Config,
  { approve, json }: { readonly approve: number | undefined; readonly json: boolean },
  print: (line: string) => void,
): Promise<void> {
  const accounts = await withSync(config, async (sync) => {
    if (approve !== undefined) {
      const action = { actor: 'cli', action: 'account.approve', accountId: approve };
      const approval = sync.get(AccountApproval, { strict: false });
      await sync.get(AuditLog, { strict: false }).record(action, () => approval.approve(approve));
    }
    return sync.get(AccountQueries, { strict: false }).list({ limit: LIMIT });
  });
  if (json) return print(JSON.stringify({ accounts }));
  for (const { account_id, name, status, attention } of accounts) {
    print([account_id, status, name, ...attention].join('\t'));
  }
}
