import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { keys } from '../api/keys.js';
import { usePollInterval } from '../api/live.js';
import { call } from '../api/session.js';
import type { AuditEntryResponse, AuditResponse } from '../api/types.js';
import { formatTime } from '../text/format.js';
import { Badge } from '../ui/badge.js';
import { Field } from '../ui/field.js';
import { PageHead } from '../ui/panel.js';
import { Empty, Loaded } from '../ui/states.js';
import { type Column, LongTable } from '../ui/table.js';

const PAGE_SIZE = 100;

const toneOf = (outcome: string) => (outcome === 'done' ? 'good' : outcome === 'begun' ? 'busy' : 'bad');

const toDetails = (details: unknown): string =>
  typeof details === 'object' && details !== null
    ? Object.entries(details)
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join(', ')
    : '';

const columns: readonly Column<AuditEntryResponse>[] = [
  { heading: 'Time', cell: ({ at }) => formatTime(at) },
  { heading: 'Who', cell: ({ actor }) => actor },
  { heading: 'Action', cell: ({ action }) => <code>{action}</code> },
  { heading: 'Account', cell: ({ account_id: id }) => (id === null ? 'none' : <a href={`#/accounts/${id}`}>{id}</a>) },
  { heading: 'Outcome', cell: ({ outcome }) => <Badge tone={toneOf(outcome)}>{outcome}</Badge> },
  { heading: 'Details', isWide: true, cell: ({ details }) => toDetails(details) },
];

/** What operators, widget users and commands did. */
export function AuditPage() {
  const [account, setAccount] = useState('');
  const accountId = /^\d+$/.test(account.trim()) ? account.trim() : undefined;
  const refetchInterval = usePollInterval();
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    queryKey: [...keys.audit, accountId ?? ''],
    queryFn: ({ pageParam }) =>
      call<AuditResponse>('operations/audit', { query: { account_id: accountId, before: pageParam, limit: PAGE_SIZE } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_before: next }) => next ?? undefined,
    refetchInterval,
  });
  const rows = useMemo(() => data?.pages.flatMap(({ audit }) => audit) ?? [], [data]);
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  return (
    <>
      <PageHead title="Audit" />
      <div className="filters" role="search">
        <Field
          label="Account id"
          type="search"
          inputMode="numeric"
          value={account}
          onChange={setAccount}
          problem={account.trim() !== '' && accountId === undefined ? 'Enter digits.' : undefined}
        />
      </div>
      <Loaded query={{ data, error, refetch }}>
        {() =>
          rows.length === 0 ? (
            <Empty title="No action is recorded" />
          ) : (
            <LongTable
              caption="Actions, the newest first"
              columns={columns}
              rows={rows}
              keyOf={({ audit_id }) => audit_id}
              hasMore={hasNextPage}
              isLoadingMore={isFetching}
              onMore={loadMore}
            />
          )
        }
      </Loaded>
    </>
  );
}
