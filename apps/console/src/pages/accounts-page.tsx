import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { keys } from '../api/keys.js';
import { usePollInterval } from '../api/live.js';
import { call } from '../api/session.js';
import type { AccountResponse, AccountsResponse, AccountStatus } from '../api/types.js';
import { describeCode, runLabels, statusLabels } from '../text/codes.js';
import { formatCode, formatNumber } from '../text/format.js';
import { Badge } from '../ui/badge.js';
import { Field, Select } from '../ui/field.js';
import { Ago } from '../ui/now.js';
import { PageHead } from '../ui/panel.js';
import { Empty, Loaded } from '../ui/states.js';
import { type Column, LongTable } from '../ui/table.js';

/** The first page is small, for a quick start; a filter needs the others, and the API returns 1,000 at most. */
const pageSizeOf = (after: number | undefined) => (after === undefined ? 100 : 1_000);

/** Which accounts the page shows. */
export type StateFilter = AccountStatus | 'all' | 'attention' | 'paused' | 'failing';

const stateFilters: readonly (readonly [StateFilter, string])[] = [
  ['all', 'All accounts'],
  ['attention', 'Need attention'],
  ['failing', 'With failing contacts'],
  ['paused', 'Paused'],
  ...Object.entries(statusLabels).map(([status, { text }]) => [status as AccountStatus, text] as const),
];

/** Returns the filter of that name; undefined for another word. */
export const findStateFilter = (name: string): StateFilter | undefined => stateFilters.find(([filter]) => filter === name)?.[0];

function hasState({ status, attention, paused, contacts }: AccountResponse, filter: StateFilter): boolean {
  if (filter === 'all') return true;
  if (filter === 'attention') return attention.length > 0;
  if (filter === 'failing') return contacts.failing > 0;
  if (filter === 'paused') return paused !== null;
  return status === filter;
}

const hasText = ({ account_id, name, subdomain }: AccountResponse, text: string) =>
  text === '' || `${account_id} ${name} ${subdomain}`.toLowerCase().includes(text);

/** Contacts that have something to send. */
const countSent = ({ total, excluded }: AccountResponse['contacts']) => total - excluded;

function SyncCell({ account: { contacts } }: { readonly account: AccountResponse }) {
  return (
    <span className="sync-cell">
      <meter
        className="sync-cell__bar"
        aria-label="Part in sync"
        min={0}
        max={Math.max(1, countSent(contacts))}
        value={countSent(contacts) === 0 ? 1 : contacts.in_sync}
      />
      {formatNumber(contacts.in_sync)} / {formatNumber(countSent(contacts))}
    </span>
  );
}

const columns: readonly Column<AccountResponse>[] = [
  {
    heading: 'Account',
    cell: ({ account_id: id, name, subdomain }) => (
      <a href={`#/accounts/${id}`} className="two-lines">
        <strong>{name === '' ? `Account ${id}` : name}</strong>
        <span className="quiet">
          {id} · {subdomain}
        </span>
      </a>
    ),
  },
  {
    heading: 'State',
    cell: ({ status, attention: [code], paused }) => (
      <span className="two-lines">
        <Badge tone={paused ? 'warning' : statusLabels[status].tone}>{paused ? 'Paused' : statusLabels[status].text}</Badge>
        {code !== undefined && <span className="problem">{describeCode(code)}</span>}
      </span>
    ),
  },
  { heading: 'In sync', cell: (account) => <SyncCell account={account} /> },
  { heading: 'Waiting', isNumber: true, cell: ({ contacts }) => formatNumber(contacts.waiting) },
  { heading: 'Failing', isNumber: true, cell: ({ contacts }) => formatNumber(contacts.failing) },
  { heading: 'Last event', cell: ({ last_event_at: at }) => <Ago at={at} /> },
  {
    heading: 'Last run',
    cell: ({ last_run: run }) =>
      run ? <Badge tone={runLabels[run.state].tone}>{`${formatCode(run.mode)}: ${runLabels[run.state].text}`}</Badge> : 'none',
  },
];

/** Every account, in pages by key. A filter loads the pages that it needs. */
export function AccountsPage({ filter = 'all' }: { readonly filter?: StateFilter | undefined }) {
  const interval = usePollInterval();
  const [text, setText] = useState('');
  const [state, setState] = useState(filter);
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const query = useInfiniteQuery({
    queryKey: keys.accounts,
    queryFn: ({ pageParam }) => call<AccountsResponse>('accounts', { query: { after: pageParam, limit: pageSizeOf(pageParam) } }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ accounts }, _pages, after) => (accounts.length < pageSizeOf(after) ? undefined : accounts.at(-1)?.account_id),
  });
  const { data, hasNextPage, isFetching, fetchNextPage, refetch } = query;
  const pageCount = data?.pages.length ?? 0;
  // Without the stream one page may be read again every two seconds, but not a long list.
  const refetchMs = interval * Math.max(1, pageCount * 2 - 1);
  useEffect(() => {
    const timer = setInterval(() => void refetch(), refetchMs);
    return () => clearInterval(timer);
  }, [refetch, refetchMs]);
  const isFiltered = wanted !== '' || state !== 'all';
  useEffect(() => {
    if (isFiltered && hasNextPage && !isFetching) void fetchNextPage();
  }, [isFiltered, hasNextPage, isFetching, fetchNextPage]);
  const all = useMemo(() => data?.pages.flatMap(({ accounts }) => accounts) ?? [], [data]);
  const shown = useMemo(() => all.filter((account) => hasState(account, state) && hasText(account, wanted)), [all, state, wanted]);
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);

  return (
    <>
      <PageHead title="Accounts" />
      <div className="filters" role="search">
        <Field label="Filter" type="search" value={text} onChange={setText} placeholder="Name, subdomain or id" />
        <Select label="State" value={state} onChange={setState} options={stateFilters} />
      </div>
      <Loaded query={{ data, error: query.error, refetch }}>
        {() => (
          <>
            <p className="quiet" role="status">
              {isFiltered ? `${formatNumber(shown.length)} of ${formatNumber(all.length)}` : formatNumber(all.length)}
              {hasNextPage ? ' accounts loaded so far' : ' accounts'}
            </p>
            {shown.length === 0 && !hasNextPage ? (
              <NoAccounts hasAny={all.length > 0} />
            ) : (
              <LongTable
                caption="Accounts"
                columns={columns}
                rows={shown}
                keyOf={({ account_id }) => account_id}
                hasMore={hasNextPage}
                isLoadingMore={isFetching}
                onMore={loadMore}
              />
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

function NoAccounts({ hasAny }: { readonly hasAny: boolean }) {
  if (hasAny) return <Empty title="No account passes this filter" />;
  return (
    <Empty title="There is no account yet">
      <a href="#/connect">Connect the first account</a>
    </Empty>
  );
}
