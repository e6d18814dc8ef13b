import { useInfiniteQuery } from '@tanstack/react-query';
import { type FormEvent, useCallback, useMemo, useState } from 'react';
import { keys } from '../../api/keys.js';
import { usePollInterval } from '../../api/live.js';
import { call } from '../../api/session.js';
import type { AccountDetailsResponse, EventResponse, EventsResponse } from '../../api/types.js';
import { describeCode, type Tone } from '../../text/codes.js';
import { formatCode } from '../../text/format.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Ago } from '../../ui/now.js';
import { Empty, Loaded } from '../../ui/states.js';

const PAGE_SIZE = 100;
const sourceNames = { kommo: 'Kommo', unisender: 'Unisender' } as const;

const tones: Readonly<Record<EventResponse['state'], Tone>> = {
  waiting: 'busy',
  applied: 'good',
  ignored: 'neutral',
  unreadable: 'bad',
  refused: 'bad',
};

const toQuery = (search: string) => {
  if (search === '') return {};
  return /^\d+$/.test(search) ? { contact_id: search } : { email: search };
};

/** The changes that the vendors sent, the newest first. */
export function Timeline({ events }: { readonly events: readonly EventResponse[] }) {
  return (
    <ol className="timeline">
      {events.map((event) => (
        <li key={event.event_id} className={`timeline__item timeline__item--${tones[event.state]}`}>
          <div className="timeline__head">
            <strong>
              {sourceNames[event.source]}: {formatCode(event.action)}
            </strong>
            {event.contact_id !== null && <span>contact {event.contact_id}</span>}
            <Badge tone={tones[event.state]}>{formatCode(event.state)}</Badge>
          </div>
          <p className="quiet">
            received <Ago at={event.received_at} />
            {event.applied_at !== null && (
              <>
                , applied <Ago at={event.applied_at} />
              </>
            )}
            {event.deliveries > 1 && `, delivered ${event.deliveries} times`}
            {event.reason !== null && `. ${describeCode(event.reason)}`}
          </p>
        </li>
      ))}
    </ol>
  );
}

/** The events of an account, with a search by contact or e-mail address. */
export function EventsTab({ account: { account_id: accountId } }: { readonly account: AccountDetailsResponse }) {
  const [text, setText] = useState('');
  const [search, setSearch] = useState('');
  const refetchInterval = usePollInterval();
  const query = useInfiniteQuery({
    queryKey: keys.events(accountId, search),
    queryFn: ({ pageParam }) =>
      call<EventsResponse>('operations/events', {
        query: { account_id: accountId, ...toQuery(search), before: pageParam, limit: PAGE_SIZE },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_before: next }) => next ?? undefined,
    refetchInterval,
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const events = useMemo(() => data?.pages.flatMap((page) => page.events) ?? [], [data]);
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  function submit(event: FormEvent) {
    event.preventDefault();
    setSearch(text.trim());
  }
  return (
    <>
      <form className="filters" role="search" onSubmit={submit}>
        <Field label="Contact id or e-mail address" type="search" value={text} onChange={setText} />
        <Button type="submit">Search</Button>
        {search !== '' && (
          <Button
            look="quiet"
            onPress={() => {
              setText('');
              setSearch('');
            }}
          >
            Show all
          </Button>
        )}
      </form>
      <Loaded query={query}>
        {() =>
          events.length === 0 && !hasNextPage ? (
            <Empty title={search === '' ? 'No event yet' : 'No event is about this person'} />
          ) : (
            <>
              <Timeline events={events} />
              {hasNextPage && (
                <p className="more">
                  <Button onPress={loadMore} isPending={isFetchingNextPage}>
                    Load older events
                  </Button>
                </p>
              )}
            </>
          )
        }
      </Loaded>
    </>
  );
}
