import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { keys } from '../../api/keys.js';
import { call, callRaw } from '../../api/session.js';
import type { AccountDetailsResponse, AddressesResponse, AddressResponse, AddressState, ResyncResponse } from '../../api/types.js';
import { describeCode, type Tone } from '../../text/codes.js';
import { formatNumber } from '../../text/format.js';
import { Badge } from '../../ui/badge.js';
import { ActionButton, Button } from '../../ui/button.js';
import { saveFile } from '../../ui/save-file.js';
import { Select } from '../../ui/field.js';
import { Ago } from '../../ui/now.js';
import { Empty, Loaded } from '../../ui/states.js';
import { type Column, LongTable } from '../../ui/table.js';
import { useAction } from '../../ui/use-action.js';

const states: readonly (readonly [AddressState, string])[] = [
  ['failing', 'Failing'],
  ['excluded', 'Excluded'],
  ['waiting', 'Waiting'],
  ['in_sync', 'In sync'],
];

const tones: Readonly<Record<AddressState, Tone>> = { failing: 'bad', excluded: 'neutral', waiting: 'busy', in_sync: 'good' };
const stateNames: Readonly<Record<AddressState, string>> = Object.fromEntries(states) as Record<AddressState, string>;

const PAGE_SIZE = 200;
const CSV_PAGE_SIZE = 1_000;

type Target = { readonly email: string } | { readonly all_failing: true };

const toAddresses = (count: number) => (count === 1 ? '1 address' : `${formatNumber(count)} addresses`);

function useResync(accountId: number) {
  return useAction<Target, ResyncResponse>({
    run: (target) => call<ResyncResponse>('operations/resync', { method: 'POST', body: { account_id: accountId, ...target } }),
    done: ({ addresses }) => `${toAddresses(addresses)} will be synced again`,
    changes: [keys.account(accountId)],
  });
}

/** Reads every part of the list as CSV; the header of the first part only. */
async function downloadCsv(accountId: number, state: AddressState): Promise<number> {
  const parts: string[] = [];
  let after: string | undefined;
  do {
    const query = { account_id: accountId, state, format: 'csv', limit: CSV_PAGE_SIZE, after };
    const response = await callRaw('operations/addresses', { query });
    const text = await response.text();
    parts.push(parts.length === 0 ? text : text.slice(text.indexOf('\n') + 1));
    const next = response.headers.get('x-next');
    after = next === null ? undefined : decodeURIComponent(next);
  } while (after !== undefined);
  saveFile(`addresses-${accountId}-${state}.csv`, 'text/csv', parts.join(''));
  return parts.length;
}

/** The addresses of an account by state, with the reason, and buttons that sync them again. */
export function AddressesTab({ account: { account_id: accountId, contacts } }: { readonly account: AccountDetailsResponse }) {
  const [state, setState] = useState<AddressState>('failing');
  const resync = useResync(accountId);
  const csv = useAction<void>({ run: () => downloadCsv(accountId, state), done: () => 'The file is saved' });
  const query = useInfiniteQuery({
    queryKey: keys.addresses(accountId, state),
    queryFn: ({ pageParam }) =>
      call<AddressesResponse>('operations/addresses', { query: { account_id: accountId, state, after: pageParam, limit: PAGE_SIZE } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const { data, hasNextPage, isFetching, fetchNextPage } = query;
  const rows = useMemo(() => data?.pages.flatMap(({ addresses }) => addresses) ?? [], [data]);
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const { mutate, isPending } = resync;
  const columns = useMemo<readonly Column<AddressResponse>[]>(
    () => [
      { heading: 'Address', cell: ({ email }) => <span className="email">{email}</span> },
      { heading: 'Contact', cell: ({ contact_id: id }) => id ?? 'none' },
      {
        heading: 'Reason',
        isWide: true,
        cell: (address) => (
          <span className="two-lines">
            <span>
              <Badge tone={tones[address.state]}>{stateNames[address.state]}</Badge> {describeCode(address.code)}
            </span>
            {address.cause !== null && <span className="quiet">{address.cause}</span>}
          </span>
        ),
      },
      { heading: 'Attempts', isNumber: true, cell: ({ attempts }) => attempts },
      { heading: 'Since', cell: ({ since }) => <Ago at={since} /> },
      {
        heading: 'Action',
        cell: ({ email }) => (
          <ActionButton onPress={() => mutate({ email })} isDisabled={isPending} aria-label={`Sync again: ${email}`}>
            Sync again
          </ActionButton>
        ),
      },
    ],
    [mutate, isPending],
  );
  return (
    <>
      <div className="filters">
        <Select label="State" value={state} onChange={setState} options={states} />
        <ActionButton onPress={() => mutate({ all_failing: true })} isDisabled={contacts.failing === 0} isPending={isPending}>
          Sync all failing again
        </ActionButton>
        <Button onPress={() => csv.mutate()} isPending={csv.isPending} isDisabled={rows.length === 0}>
          Save as CSV
        </Button>
      </div>
      <Loaded query={query}>
        {() =>
          rows.length === 0 && !hasNextPage ? (
            <Empty title={`No address is ${stateNames[state].toLowerCase()}`} />
          ) : (
            <LongTable
              caption={`Addresses: ${stateNames[state]}`}
              columns={columns}
              rows={rows}
              keyOf={({ contact_id, email }) => `${contact_id ?? ''}:${email}`}
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
