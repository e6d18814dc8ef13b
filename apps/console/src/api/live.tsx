import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import type { ServerEvent } from './event-reader.js';
import { keys } from './keys.js';
import { addDepth } from './queue-history.js';
import { call } from './session.js';
import { followStream, type Liveness } from './stream.js';
import type { AccountResponse, AccountsResponse, OverviewResponse, RunResponse, RunsResponse, StreamEvents } from './types.js';

type AccountPages = InfiniteData<AccountsResponse>;

/** More changed accounts than this are read as a list. */
const MAX_SINGLE_READS = 20;

const LivenessContext = createContext<Liveness>('connecting');

const POLL_MS = 2_000;
/** Also with a stream, in case an event is lost. */
const SLOW_POLL_MS = 30_000;

/** Whether the console follows the service. */
export const useLiveness = (): Liveness => useContext(LivenessContext);

/** How often a query asks again, in milliseconds: rarely while events arrive. */
export const usePollInterval = (): number => (useLiveness() === 'live' ? SLOW_POLL_MS : POLL_MS);

function showRun(client: QueryClient, run: RunResponse): void {
  const list = client.getQueryData<RunsResponse>(keys.runs(run.account_id));
  const isKnown = list?.runs.some(({ run_id }) => run_id === run.run_id) ?? false;
  if (list && isKnown) {
    const runs = list.runs.map((each) => (each.run_id === run.run_id ? run : each));
    client.setQueryData<RunsResponse>(keys.runs(run.account_id), { runs });
  } else {
    void client.invalidateQueries({ queryKey: keys.runs(run.account_id) });
  }
  showLastRun(client, run);
  if (run.state !== 'running') void client.invalidateQueries({ queryKey: keys.account(run.account_id) });
}

/** A run that has not started is newer than one that has. */
const isNewer = ({ started_at: one }: RunResponse, { started_at: other }: RunResponse) => one === null || (other !== null && one >= other);

/** Shows the run in the list of accounts, unless a newer one is there. */
function showLastRun(client: QueryClient, run: RunResponse): void {
  const list = client.getQueryData<AccountPages>(keys.accounts);
  const account = list?.pages.flatMap(({ accounts }) => accounts).find(({ account_id: id }) => id === run.account_id);
  if (!account || (account.last_run && account.last_run.run_id !== run.run_id && !isNewer(run, account.last_run))) return;
  replaceAccounts(client, new Map([[run.account_id, { ...account, last_run: run }]]));
}

/** Reads changed accounts again; in the list of accounts only those that are shown. */
async function renewAccounts(client: QueryClient, accountIds: readonly number[]): Promise<void> {
  for (const accountId of accountIds) void client.invalidateQueries({ queryKey: keys.account(accountId) });
  const pages = client.getQueryData<AccountPages>(keys.accounts)?.pages ?? [];
  if (accountIds.length > MAX_SINGLE_READS) return client.invalidateQueries({ queryKey: keys.accounts });
  const known = new Set(pages.flatMap(({ accounts }) => accounts.map(({ account_id }) => account_id)));
  if (pages.length > 0 && accountIds.some((id) => !known.has(id))) return client.invalidateQueries({ queryKey: keys.accounts });
  const shown = accountIds.filter((id) => known.has(id));
  const read = await Promise.all(shown.map((id) => call<AccountResponse>(`operations/accounts/${id}`).catch(() => undefined)));
  const changed = new Map(read.flatMap((account) => (account ? [[account.account_id, account] as const] : [])));
  replaceAccounts(client, changed);
}

type ChangedAccounts = ReadonlyMap<number, AccountsResponse['accounts'][number]>;

function replaceAccounts(client: QueryClient, changed: ChangedAccounts): void {
  client.setQueryData<AccountPages>(
    keys.accounts,
    (list) => list && { ...list, pages: list.pages.map((page) => replaceIn(page, changed)) },
  );
}

const replaceIn = ({ accounts }: AccountsResponse, changed: ChangedAccounts): AccountsResponse => ({
  accounts: accounts.map((account) => changed.get(account.account_id) ?? account),
});

/** What an event of the stream changes in the cache. */
function applyEvent(client: QueryClient, { name, data }: ServerEvent): void {
  const value: unknown = JSON.parse(data);
  if (name === 'overview') {
    client.setQueryData(keys.overview, value);
    addDepth((value as OverviewResponse).queue);
  }
  if (name === 'queues') client.setQueryData(keys.queues, value);
  if (name === 'pauses') client.setQueryData(keys.pauses, value);
  if (name === 'run') showRun(client, value as RunResponse);
  if (name === 'audit') void client.invalidateQueries({ queryKey: keys.audit });
  if (name === 'accounts') void renewAccounts(client, (value as StreamEvents['accounts']).account_ids);
}

/** Follows the stream of the service while it is mounted. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => {
    const controller = new AbortController();
    void followStream(controller.signal, {
      onEvent: (event) => applyEvent(client, event),
      onLiveness: (next) => {
        setLiveness(next);
        // What changed before the connection was missed.
        if (next === 'live') void client.invalidateQueries();
      },
    });
    return () => controller.abort();
  }, [client]);
  return <LivenessContext.Provider value={liveness}>{children}</LivenessContext.Provider>;
}
