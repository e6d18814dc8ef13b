import { InvalidInputError, toIsoTime } from '#domain';
import { AccountHistory, AddressViews, Resync, type ResyncTarget } from '#sync';
import type { CommandContext } from '../command-context.js';
import { type CommandResult, count, toResult } from '../output/result.js';
import { renderTable } from '../output/table.js';
import { withSync } from './with-sync.js';

const CONTACT_ID = /^[1-9]\d{0,15}$/;
const PAGE = 1_000;

function toTarget(what: string): ResyncTarget {
  if (what === 'all-failing') return { kind: 'all_failing' };
  if (CONTACT_ID.test(what)) return { kind: 'contact', contactId: Number(what) };
  if (what.includes('@')) return { kind: 'address', email: what };
  throw new InvalidInputError(`${what} is neither a contact id, an e-mail address nor all-failing`);
}

/** Syncs a contact, an address or all failing addresses again. The account may be left out when there is only one. */
export async function runResync(context: CommandContext, what: string, { account }: { readonly account?: number }): Promise<CommandResult> {
  const target = toTarget(what);
  const addresses = await withSync(context, async (session) => {
    const accountId = await session.findAccountId(account);
    return session.audited('account.resync', { accountId, target: target.kind }, () => session.get(Resync).request(accountId, target));
  });
  return toResult({ addresses }, `${count(addresses, 'known address', 'known addresses')} will be synced again.`);
}

async function listBuriedJobs(context: CommandContext, limit: number): Promise<CommandResult> {
  const jobs = await withSync(context, (session) => session.get(AccountHistory).listFailures(undefined, limit));
  const failures = jobs.map(({ accountId, tube, jobId, code, reason, failedAt }) => ({
    account_id: accountId,
    tube,
    job_id: jobId,
    code,
    reason,
    failed_at: toIsoTime(failedAt),
  }));
  const head = ['failed at', 'account', 'tube', 'job', 'code', 'reason'];
  const rows = failures.map(({ failed_at, account_id, tube, job_id, code, reason }) => [failed_at, account_id, tube, job_id, code, reason]);
  return {
    document: { failures },
    toLines: (stream) => (rows.length === 0 ? ['No job has failed.'] : renderTable(stream, head, rows)),
  };
}

async function listFailingAddresses(context: CommandContext, accountId: number, limit: number): Promise<CommandResult> {
  const { addresses, next } = await withSync(context, async (session) => {
    const views = session.get(AddressViews);
    const known = await session.findAccountId(accountId);
    const found: Awaited<ReturnType<AddressViews['list']>>['addresses'][number][] = [];
    for (let after: string | undefined; ;) {
      const page = await views.list(known, { state: 'failing', after, limit: Math.min(PAGE, limit - found.length) });
      found.push(...page.addresses);
      if (page.next === null || found.length >= limit) return { addresses: found, next: page.next };
      after = page.next;
    }
  });
  const head = ['contact', 'e-mail', 'code', 'cause', 'attempts', 'since'];
  const rows = addresses.map(({ contact_id, email, code, cause, attempts, since }) => [contact_id, email, code, cause, attempts, since]);
  const more =
    next === null ? [] : [`There are more: raise --limit, or read GET /operations/addresses?account_id=${accountId}&state=failing.`];
  return {
    document: { addresses, next },
    toLines: (stream) => (rows.length === 0 ? ['No address is failing.'] : [...renderTable(stream, head, rows), ...more]),
  };
}

/** Lists the failing addresses of an account, or the buried jobs of all accounts without one. */
export const runFailures = (
  context: CommandContext,
  { account, limit }: { readonly account?: number; readonly limit: number },
): Promise<CommandResult> => (account === undefined ? listBuriedJobs(context, limit) : listFailingAddresses(context, account, limit));
