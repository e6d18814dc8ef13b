import { PersonalData, type PersonQuery } from '#sync';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../output/exit-code.js';
import { type CommandResult, count } from '../output/result.js';
import { withSync } from './with-sync.js';

const withPersonalData = <Result>(
  context: CommandContext,
  { action, accountId }: { readonly action: string; readonly accountId: number | undefined },
  work: (data: PersonalData) => Promise<Result>,
): Promise<Result> =>
  withSync(context, (session) => session.audited(action, { accountId, email: 1 }, () => work(session.get(PersonalData))));

/** Shows everything that is stored about an e-mail address, as JSON also without `--json`. */
export async function runExport(context: CommandContext, query: PersonQuery): Promise<CommandResult> {
  const { accountId } = query;
  const accounts = await withPersonalData(context, { action: 'person.export', accountId }, (data) => data.export(query));
  return { document: { accounts }, toLines: () => [JSON.stringify({ accounts }, undefined, 2)] };
}

/**
 * Erases everything that is stored about an e-mail address. The exit code is 1 when Unisender did not delete an address that this
 * service added.
 */
export async function runErase(context: CommandContext, query: PersonQuery): Promise<CommandResult> {
  const { accountId } = query;
  const accounts = await withPersonalData(context, { action: 'person.erase', accountId }, (data) => data.erase(query));
  const lines = accounts.map(
    ({ account_id, contacts, events, unisender }) =>
      `Account ${account_id}: erased ${count(contacts, 'contact')} and ${count(events, 'event')}; in Unisender: ${unisender}.`,
  );
  return {
    document: { accounts },
    toLines: () => (lines.length === 0 ? ['Nothing is stored about this address.'] : lines),
    exitCode: accounts.some(({ unisender }) => unisender === 'failed') ? exitCodes.failed : exitCodes.done,
  };
}
