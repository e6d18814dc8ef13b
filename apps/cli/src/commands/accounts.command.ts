import { AccountApproval, AccountQueries, type AccountView } from '#sync';
import type { CommandContext } from '../command-context.js';
import type { CommandResult } from '../output/result.js';
import { type Cell, renderTable } from '../output/table.js';
import { withSync } from './with-sync.js';

const PAGE = 1_000;

const toStatus = (status: string): Cell => ({
  text: status,
  tone: status === 'active' ? 'good' : status === 'disconnected' ? 'quiet' : 'attention',
});

const toRow = ({ account_id, name, status, contacts, list_title, paused, attention }: AccountView): Cell[] => [
  account_id,
  name,
  toStatus(status),
  contacts.in_sync,
  contacts.waiting,
  contacts.failing,
  contacts.excluded,
  list_title,
  { text: [...attention, ...(paused ? [`paused: ${paused.code}`] : [])].join(', '), tone: 'attention' },
];

const head = ['account', 'name', 'status', 'in sync', 'waiting', 'failing', 'excluded', 'list', 'needs attention'];

/** Lists the accounts; approves one of them first when `approve` names it. */
export async function runAccounts(context: CommandContext, { approve }: { readonly approve?: number }): Promise<CommandResult> {
  const accounts = await withSync(context, async (session) => {
    if (approve !== undefined)
      await session.audited('account.approve', { accountId: approve }, () => session.get(AccountApproval).approve(approve));
    const queries = session.get(AccountQueries);
    const found: AccountView[] = [];
    for (let page = await queries.list({ limit: PAGE }); page.length > 0;) {
      found.push(...page);
      page = page.length < PAGE ? [] : await queries.list({ limit: PAGE, after: page.at(-1)?.account_id ?? 0 });
    }
    return found;
  });
  return {
    document: { accounts },
    toLines: (stream) =>
      accounts.length === 0 ? ['No account is connected yet: run "connect".'] : renderTable(stream, head, accounts.map(toRow)),
  };
}
